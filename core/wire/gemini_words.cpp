#include "core/base/encoding.hpp"
#include "core/wire/gemini_wire.hpp"

#include <array>

namespace obliv::wire {
namespace {

using llm::Finish;
using std::string_view;

struct Word {
    string_view raw;
    Finish reason;
};

// finishReason and blockReason in one: they do not contradict each other.
constexpr std::array words{
    Word{"STOP", Finish::stop},
    Word{"MAX_TOKENS", Finish::length},
    Word{"SAFETY", Finish::filtered},
    Word{"RECITATION", Finish::filtered},
    Word{"LANGUAGE", Finish::filtered},
    Word{"BLOCKLIST", Finish::filtered},
    Word{"PROHIBITED_CONTENT", Finish::filtered},
    Word{"SPII", Finish::filtered},
    Word{"IMAGE_SAFETY", Finish::filtered},
    Word{"IMAGE_PROHIBITED_CONTENT", Finish::filtered},
    Word{"IMAGE_RECITATION", Finish::filtered},
    Word{"MODEL_ARMOR", Finish::filtered},
    Word{"JAILBREAK", Finish::filtered},
    Word{"MALFORMED_FUNCTION_CALL", Finish::fault},
    Word{"UNEXPECTED_TOOL_CALL", Finish::fault},
    Word{"TOO_MANY_TOOL_CALLS", Finish::fault},
    Word{"MISSING_THOUGHT_SIGNATURE", Finish::fault},
    Word{"MALFORMED_RESPONSE", Finish::fault},
    Word{"NO_IMAGE", Finish::fault},
    Word{"IMAGE_OTHER", Finish::fault},
    Word{"OTHER", Finish::fault},
    Word{"CONTINUATION", Finish::paused},
    Word{"FINISH_REASON_UNSPECIFIED", Finish::other},
};

// What a wrapped proof begins with once it is decoded: nine bytes, twelve characters of base64.
constexpr string_view wrapped = "oblivious";
constexpr string_view wrapped_base64 = "b2JsaXZpb3Vz";

/// `oblivious:anthropic:t:…`, decoded; empty if the signature is none of ours.
std::string unwrapped(string_view signature) {
    if (!signature.starts_with(wrapped_base64))
        return {};
    auto decoded = from_base64(signature);
    return decoded ? *std::move(decoded) : std::string();
}

}  // namespace

Finish gemini_finish(string_view raw, bool called) noexcept {
    for (const auto& word : words)
        if (word.raw == raw)
            return called && word.reason == Finish::stop ? Finish::tool_calls : word.reason;
    return Finish::other;
}

std::string gemini_finish_word(Finish reason, string_view raw) {
    for (const auto& word : words)
        if (word.raw == raw)
            return std::string(raw);
    switch (reason) {
    case Finish::stop:
    case Finish::tool_calls:
        return "STOP";
    case Finish::length:
        return "MAX_TOKENS";
    case Finish::filtered:
    case Finish::refused:
        return "SAFETY";
    case Finish::paused:  // CONTINUATION would need a token to go on with
    case Finish::fault:
    case Finish::other:
        break;
    }
    return "OTHER";
}

llm::Proof proof_of(string_view signature) {
    auto text = unwrapped(signature);
    auto wire_ends = text.find(':', wrapped.size() + 1);
    if (wire_ends == std::string::npos || wire_ends + 3 > text.size())
        return {std::string(gemini_name), std::string(signature)};
    auto wire = text.substr(wrapped.size() + 1, wire_ends - wrapped.size() - 1);
    return {std::move(wire), text.substr(wire_ends + 3)};
}

std::string signature_of(const llm::Proof& proof, bool redacted) {
    if (proof.wire == gemini_name)
        return proof.data;
    std::string text(wrapped);
    text.append(":").append(proof.wire).append(redacted ? ":r:" : ":t:").append(proof.data);
    return to_base64(text);
}

bool redacted_signature(string_view signature) {
    auto text = unwrapped(signature);
    auto wire_ends = text.find(':', wrapped.size() + 1);
    return wire_ends != std::string::npos && text.substr(wire_ends, 3) == ":r:";
}

}  // namespace obliv::wire
