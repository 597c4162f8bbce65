// Request bodies: whatever comes, reading stays inside the body, and the edits of an accepted one
// apply to it in order and give a body that is read as the same call again. What is accepted is
// JSON to others too.
#include "core/base/check.hpp"
#include "core/llm/chat_call.hpp"
#include "core/llm/openai_usage.hpp"

#include <nlohmann/json.hpp>
#include <string>

using namespace obliv;
using namespace obliv::llm;

namespace {

std::string padded(std::string_view text) {
    std::string out(text);
    out.append(json_padding, '"');
    return out;
}

/// Numbers beyond what a double holds are JSON all the same.
bool is_json(std::string_view text) {
    try {
        return !nlohmann::json::parse(text).is_discarded();
    } catch (const nlohmann::json::out_of_range&) {
        return true;
    } catch (const nlohmann::json::parse_error&) {
        return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(parse_openai_usage(text));
    auto buffer = padded(text);
    std::string_view body(buffer.data(), size);
    auto call = parse_chat_call(body);
    if (!call)
        return 0;
    // What the escapes of unknown strings say is the provider's business.
    check(body.find('\\') != body.npos || is_json(body), "an accepted body is JSON");
    std::string rewritten;
    std::size_t at = 0;
    for (const auto& edit : upstream_edits(*call, "other-model")) {
        check(edit.span.at >= at && edit.span.at + edit.span.length <= size,
              "edits lie in the body, in order");
        rewritten.append(body.substr(at, edit.span.at - at)).append(edit.text);
        at = edit.span.at + edit.span.length;
    }
    rewritten += body.substr(at);
    auto again_buffer = padded(rewritten);
    auto again = parse_chat_call({again_buffer.data(), rewritten.size()});
    check(again.has_value(), "a rewritten body is a body");
    check(again->model == "other-model", "the model is replaced");
    check(again->stream == call->stream, "nothing else changes");
    check(!call->stream || again->usage_asked, "a stream asks for usage");
    check(again->output_tokens_max == call->output_tokens_max, "nothing else changes");
    return 0;
}
