#pragma once

#include "core/llm/usage.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace obliv::llm {

/// Watches the events of a Realtime server pass by, for what they bill: `response.done` tells the
/// usage of a response, and what a response said so far is measured should its end never come.
class RealtimeScan {
public:
    /// A stretch of a text message.
    void feed(std::string_view payload, bool message_end);

    /// Whether a response has begun and not ended.
    bool responding() const noexcept { return running_ > 0; }
    /// How many have ended since the last take, and what they used together; one without figures
    /// is estimated.
    struct Ended {
        int count = 0;
        Usage usage;
        bool estimated = false;
    };
    Ended take() noexcept;
    /// What the response that runs has said so far, as an estimate.
    Usage said() const noexcept;

private:
    void judge(std::string_view message);
    void end_response(std::string_view message);

    std::string message_;  ///< of which not all has come yet; cut at a megabyte
    int running_ = 0;
    std::int64_t text_bytes_ = 0;
    std::int64_t audio_bytes_ = 0;  ///< of base64
    Ended ended_;
};

/// Tokens of `bytes` of base64 with sound in it: 16 bits at 24 kHz, `per_second` tokens.
std::int64_t sound_tokens(std::int64_t bytes, std::int64_t per_second) noexcept;

// OpenAI, "Managing costs" of Realtime: a token for 100 ms heard, and for 50 ms spoken.
inline constexpr std::int64_t heard_tokens_per_second = 10;
inline constexpr std::int64_t spoken_tokens_per_second = 20;

}  // namespace obliv::llm
