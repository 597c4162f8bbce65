// A body on its way from the caller to a channel: read once, and written with its edits.

#include "core/llm/body_fields.hpp"
#include "core/llm/estimate.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/loop/unnamed_file.hpp"
#include "daemon/relay/chat.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

std::string_view content_type_of(const server::Exchange& exchange) {
    return exchange.request().headers.find("content-type").value_or(std::string_view{});
}

}  // namespace

loop::Task<Result<void>> Relay::parse(const server::Exchange& exchange, const Inbound& inbound,
                                      Opening& opening) {
    if (opening.body.size() > body_bytes_inline_max)
        return parse_slowly(exchange, inbound, opening);
    auto call = parse_call(inbound, opening.body, content_type_of(exchange));
    if (!call)
        return loop::ended(call.error());
    opening.call = std::move(*call);
    return loop::ended(ok());
}

loop::Task<Result<void>> Relay::parse_slowly(const server::Exchange& exchange,
                                             const Inbound& inbound, Opening& opening) {
    auto body = opening.body;
    auto type = content_type_of(exchange);
    opening.large = std::make_unique<LargeBody>();
    bool mapped = exchange.mapped_body().data() == body.data();
    auto call = co_await parse_large(body, inbound, type, mapped, *opening.large);
    if (!call)
        co_return call.error();
    opening.call = std::move(*call);
    co_return ok();
}

/// On a worker. What cannot be condensed is read as a whole, if there is memory for that.
loop::Task<Result<llm::ChatCall>> Relay::parse_large(std::string_view body, const Inbound& inbound,
                                                     std::string_view content_type, bool mapped,
                                                     LargeBody& large) {
    auto work = [&inbound, &large, body, content_type, mapped] {
        return parse_condensed(inbound, body, content_type, mapped, large);
    };
    auto call = co_await loop::run_blocking(parts_.workers, std::move(work));
    if (!call)
        co_return call.error();
    if (*call) {
        // Whoever needs it looks at the body where there is no memory to keep it.
        auto size = static_cast<std::int64_t>(large.condensed.text.size());
        if (!large.memory.take(parts_.memory, size))
            std::string().swap(large.condensed.text);
        co_return std::move(**call);
    }
    Share share;
    if (auto taken = take_memory(share, parts_.memory, body.size()); !taken)
        co_return taken.error();
    auto all = [&inbound, &large, body, content_type, mapped] {
        return parse_whole(inbound, body, content_type, mapped, large);
    };
    co_return co_await loop::run_blocking(parts_.workers, std::move(all));
}

/// What a worker destroys counts until that is done.
Relay::Opening::~Opening() {
    if (conversion)
        conversion->hold(std::move(memory));
}

std::int64_t Relay::Opening::input_tokens_bound() const noexcept {
    return large ? large->condensed.input_bound : llm::input_tokens_bound(parts());
}

std::int64_t Relay::Opening::estimate_input_tokens() const noexcept {
    return large ? large->condensed.input_estimate : llm::estimate_input_tokens(parts());
}

const llm::InputParts& Relay::Opening::parts() const noexcept {
    if (!parts_)
        parts_ = llm::input_parts(body);
    return *parts_;
}

/// What the channel changes in a body, and what the name of the model asks it to say. A converted
/// one says that already.
std::vector<llm::FieldChange> Relay::Opening::changes(const Target& target) const {
    constexpr std::string_view field = "reasoning_effort";
    auto out = target.parameters;
    bool decided = std::any_of(out.begin(), out.end(), [&](const llm::FieldChange& change) {
        return change.name == field;
    });
    if (!effort.empty() && !converted && !decided)
        out.push_back({std::string(field), llm::json_quoted(effort)});
    return out;
}

std::vector<llm::Edit>
Relay::Opening::field_edits(std::span<const llm::FieldChange> changes) const {
    if (!large)
        return llm::field_edits(body, changes);
    auto made = llm::field_edits(large->text_of(body), changes);
    if (!large->condensed.text.empty())
        large->condensed.to_body(made);
    return made;
}

/// Empty: what goes upstream is memory of this process.
std::string_view Relay::Opening::mapped(const server::Exchange& exchange) const {
    if (!large || converted)
        return {};
    auto file = exchange.mapped_body();
    return file.data() == body.data() ? file : std::string_view{};
}

/// For a provider that sends no figures.
void Relay::Chat::count_injected() {
    auto& injected = opening->injected;
    input_estimate -= injected;
    auto prompt = opening->converted ? opening->conversion->injected() : std::string_view();
    injected = prompt.empty() ? 0 : llm::estimate_input_tokens(prompt);
    input_estimate += injected;
}

/// Whether fields of the body are to be changed.
bool Relay::Chat::shapes(const Target& target) const noexcept {
    bool asks = !opening->effort.empty() && !opening->converted;
    return (asks || !target.parameters.empty()) && inbound.operation == providers::Operation::chat;
}

void Relay::Chat::write_body(const Target& target) {
    auto& request = opening->request;
    request.clear();
    request.reserve(2 + 2 * opening->edits.size());
    request.push_back({});  // the head, which tells how long the rest is
    std::vector<llm::FieldChange> changes;
    if (shapes(target))
        changes = opening->changes(target);
    if (opening->converted) {
        std::string_view written = opening->conversion->written().body;
        if (!changes.empty()) {
            opening->shaped = llm::edited(written, llm::field_edits(written, changes));
            written = opening->shaped;
        }
        request.push_back(written);
        return;
    }
    if (!changes.empty())
        opening->edits = llm::merged(std::move(opening->edits), opening->field_edits(changes));
    append_body();
}

/// On a worker, as far as it goes over a long body once more.
loop::Task<Result<void>> Relay::write_large(Chat& chat, const Target& target,
                                            const channels::Entry& entry) {
    auto& opening = *chat.opening;
    bool shapes = chat.shapes(target);
    bool looks = shapes && (opening.converted || opening.large->condensed.text.empty());
    bool signs = entry.provider->signs_body;
    if (!looks && !signs) {
        chat.write_body(target);
        co_return ok();
    }
    if (opening.converted && shapes) {
        // It is there once more.
        auto size = opening.body.size() + opening.conversion->written().body.size() / 2;
        if (auto taken = take_memory(opening.memory, parts_.memory, size); !taken)
            co_return taken.error();
    }
    auto file = opening.mapped(chat.exchange);
    auto work = [&chat, &target, signs, file] {
        chat.write_body(target);
        if (signs)
            chat.opening->digest = sha256(chat.request_pieces().subspan(1));
        if (!file.empty())
            loop::let_go(file);
    };
    co_return co_await loop::run_blocking(parts_.workers, std::move(work));
}

/// The body as it came, with its edits.
void Relay::Chat::append_body() {
    auto& request = opening->request;
    auto body = opening->body;
    std::size_t at = 0;
    for (const auto& edit : opening->edits) {
        if (edit.span.at > at)
            request.push_back(body.substr(at, edit.span.at - at));
        request.push_back(edit.text);
        at = edit.span.at + edit.span.length;
    }
    request.push_back(body.substr(at));
}

}  // namespace obliv::relay
