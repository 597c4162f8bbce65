// Long request bodies: what is left of one without its long texts is read as the same call, and
// what is changed there changes the same bytes of the body. Two control bytes, which no body may
// have, stand for texts that are left out: a text, and one that is longer than what is looked at at
// once.
#include "core/base/check.hpp"
#include "core/llm/body_fields.hpp"
#include "core/llm/call_needs.hpp"
#include "core/llm/condense.hpp"
#include "core/llm/estimate.hpp"

#include <string>

using namespace obliv;
using namespace obliv::llm;

namespace {

constexpr std::size_t bytes_max = 64U << 20;

std::string expanded(std::string_view seed) {
    std::string out;
    int large = 4;
    for (char c : seed) {
        if (c == '\x1d')
            out.append(Condensed::string_bytes_kept - 3, 'a');
        else if (c == '\x1e' && large-- > 0)
            out.append((128U << 10) - 3, 'b');
        else
            out.push_back(c);
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = expanded({reinterpret_cast<const char*>(data), size});
    auto buffer = text + std::string(json_padding, '"');
    std::string_view body(buffer.data(), text.size());
    auto whole = parse_chat_call(body);
    auto made = condense(body, bytes_max);
    if (!made) {
        check(!whole.has_value(), "what cannot be condensed is no call");
        return 0;
    }
    check(made->has_value(), "there is room for all of it");
    const auto& small = **made;
    auto call = parse_chat_call(small.view());
    check(call.has_value() == whole.has_value(), "what is left is a call if the body is one");
    if (!whole)
        return 0;
    check(call->model == whole->model && call->stream == whole->stream &&
              call->usage_asked == whole->usage_asked && call->choices == whole->choices &&
              call->output_tokens_max == whole->output_tokens_max,
          "it is the same call");
    check(needs_of(*call, small.view()) == needs_of(*whole, body), "it needs the same");
    check(small.input_bound == input_tokens_bound(body), "its bound is the body's");
    check(small.input_estimate == estimate_input_tokens(body), "its estimate is the body's");
    small.to_body(*call);
    check(edited(text, upstream_edits(*call, "other")) ==
              edited(text, upstream_edits(*whole, "other")),
          "its edits are the body's");
    const FieldChange changes[] = {{"temperature", "0"}, {"user", ""}, {"seed", "7"}};
    auto edits = field_edits(small.view(), changes);
    small.to_body(edits);
    check(edited(text, edits) == edited(text, field_edits(body, changes)),
          "its fields are the body's");
    return 0;
}
