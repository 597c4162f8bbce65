#pragma once

#include "tests/support/recordings.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::test {

/// What a recorded reply says, found by the simplest means there are, beside the readers: a few
/// loops over the parsed JSON that know the names of the fields and nothing else.
struct Said {
    struct Call {
        std::string id;
        std::string name;
        std::string arguments;  ///< normalised JSON
        bool operator==(const Call&) const = default;
    };
    std::string text;
    std::string refusal;
    std::string thinking;
    std::vector<Call> calls;
    std::string finish;  ///< the provider's own word
    std::size_t citations = 0;
    bool failed = false;  ///< with an error under way
    bool usage = false;
    std::int64_t input = 0;   ///< tokens in all
    std::int64_t output = 0;  ///< tokens in all
    std::int64_t reasoning = 0;
    std::int64_t cached = 0;
    bool operator==(const Said&) const = default;
};

Said said_by_cohere(const Recording& recording);
Said said_by_gemini(const Recording& recording);
Said said_by_openai(const Recording& recording);
Said said_by_ollama(const Recording& recording);

/// JSON text with sorted keys and no spaces; other text as it is.
std::string normal_json(std::string_view text);

}  // namespace obliv::test
