#include "core/wire/reply_error.hpp"

#include "core/base/text.hpp"
#include "core/llm/redact.hpp"

#include <array>

namespace obliv::wire {
namespace {

struct Word {
    std::string_view word;
    Code code;
};

// The first word that `code` or `type` contains decides: a provider's own kinds are many, their
// stems few. What is the caller's own fault (400) rarely comes in a stream that has begun.
constexpr std::array words{
    Word{"content_filter", Code::refused},
    Word{"data_inspection", Code::refused},
    Word{"rate_limit", Code::rate_limited},
    Word{"resource_exhausted", Code::rate_limited},
    Word{"throttling", Code::rate_limited},
    Word{"insufficient_quota", Code::upstream_credentials},
    Word{"billing", Code::upstream_credentials},
    Word{"authentication", Code::upstream_credentials},
    Word{"unauthenticated", Code::upstream_credentials},
    Word{"permission", Code::upstream_credentials},
    Word{"invalid_api_key", Code::upstream_credentials},
    Word{"timeout", Code::upstream_timeout},
    Word{"deadline_exceeded", Code::upstream_timeout},
    Word{"invalid_request", Code::invalid_request},
    Word{"invalid_argument", Code::invalid_request},
    Word{"validationexception", Code::invalid_request},
    Word{"context_length", Code::invalid_request},
};

std::string lowered(std::string_view text) {
    std::string out(text.substr(0, 64));
    for (auto& c : out)
        c = lower(c);
    return out;
}

}  // namespace

Error reply_error(std::string_view type, std::string_view code, std::string_view message) {
    constexpr std::size_t message_bytes_max = 1024;
    auto said = llm::redact(message, message_bytes_max);
    if (said.empty())
        said = "the provider broke off with an error and did not say why";
    auto kinds = lowered(code) + " " + lowered(type);
    for (const auto& word : words)
        if (kinds.find(word.word) != std::string::npos)
            return fail(word.code, std::move(said));
    return fail(Code::upstream_failed, std::move(said));
}

}  // namespace obliv::wire
