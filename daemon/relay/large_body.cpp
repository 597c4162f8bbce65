#include "daemon/relay/large_body.hpp"

#include "core/base/take_share.hpp"
#include "core/llm/call_needs.hpp"
#include "core/llm/estimate.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/loop/unnamed_file.hpp"
#include "daemon/relay/conversion.hpp"

#include <algorithm>
#include <malloc.h>
#include <new>

namespace obliv::relay {
namespace {

// More than the texts of a long dialogue leave between them.
constexpr std::size_t condensed_bytes_max = 8U << 20;

/// Calls whose deciding fields are short, and are read by the relay's own scanner.
bool is_scanned(const Inbound& inbound) {
    if (inbound.operation == providers::Operation::chat)
        return has_own_scanner(inbound);
    return inbound.form == nullptr && !inbound.media();
}

bool is_form(const Inbound& inbound, std::string_view content_type) {
    return inbound.media() && content_type.find("multipart/") != std::string_view::npos;
}

void note_needs(const llm::ChatCall& call, std::string_view text, LargeBody& large) {
    if (!call.media)
        for (auto need : llm::needs_of(call, text))
            large.needs.emplace_back(need);
}

}  // namespace

Result<std::optional<llm::ChatCall>> parse_condensed(const Inbound& inbound, std::string_view body,
                                                     std::string_view content_type, bool mapped,
                                                     LargeBody& large) {
    using Call = std::optional<llm::ChatCall>;
    auto passed = mapped ? loop::let_go : nullptr;
    if (is_form(inbound, content_type)) {
        auto call = parse_call(inbound, body, content_type, passed);
        return call ? Result<Call>(std::move(*call)) : Result<Call>(call.error());
    }
    if (!is_scanned(inbound))
        return Call();
    auto condensed = llm::condense(body, condensed_bytes_max, passed);
    if (!condensed)
        return condensed.error();
    if (!*condensed)
        return Call();
    large.condensed = std::move(**condensed);
    auto call = parse_call(inbound, large.condensed.view());
    if (!call)
        return call.error();
    note_needs(*call, large.condensed.view(), large);
    large.condensed.to_body(*call);
    return Call(std::move(*call));
}

Result<llm::ChatCall> parse_whole(const Inbound& inbound, std::string_view body,
                                  std::string_view content_type, bool mapped, LargeBody& large) {
    auto call = parse_call(inbound, body, content_type);
    if (call)
        note_needs(*call, body, large);
    auto parts = llm::input_parts(body);
    large.condensed.input_bound = llm::input_tokens_bound(parts);
    large.condensed.input_estimate = llm::estimate_input_tokens(parts);
    if (mapped)
        loop::let_go(body);
    return call;
}

Result<void> take_memory(Share& share, Bound& memory, std::size_t bytes) {
    auto size = static_cast<std::int64_t>(bytes);
    if (size > memory.most())
        return fail(Code::payload_too_large,
                    "this call takes more memory than there is for all of them together, " +
                        std::to_string(memory.most()) + " bytes (limits.body_memory)");
    return take_share(share, memory, std::min(2 * size, memory.most() / 4 * 3));
}

std::shared_ptr<Conversion> destroyed_on(loop::BlockingPool& workers,
                                         std::unique_ptr<Conversion> conversion) {
    auto destroy = [&workers](Conversion* made) {
        auto work = [made] {
            delete made;
            ::malloc_trim(0);
        };
        try {
            if (workers.post(work))
                return;
        } catch (const std::bad_alloc&) {
            // No memory for the errand: it is done here.
        }
        delete made;
    };
    return {conversion.release(), destroy};
}

}  // namespace obliv::relay
