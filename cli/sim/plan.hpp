#pragma once

#include "cli/sim/call.hpp"
#include "cli/sim/options.hpp"
#include "core/base/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::sim {

/// Draws the delays of one call: each evenly from `1 - jitter` to `1 + jitter` of its base.
class Pace {
public:
    Pace(Random random, double jitter) noexcept : random_(random), jitter_(jitter) {}
    std::chrono::nanoseconds next(milliseconds base) noexcept;

private:
    Random random_;
    double jitter_;
};

/// Everything that is decided about one reply before its first byte. A function of the options,
/// the call and its number, so that the same calls in the same order get the same replies,
/// whichever thread serves them.
struct Plan {
    std::uint64_t number = 0;
    const Format* format = nullptr;  ///< null: OpenAI's chat completions
    bool json_array = false;         ///< streams of Gemini's without `alt=sse`
    Fault fault{};
    std::string model;
    bool usage_in_reply = false;  ///< plain replies
    bool usage_at_end = false;    ///< streams: one more chunk
    std::int64_t prompt_tokens = 0;
    std::int64_t choices = 1;
    std::int64_t tokens = 0;  ///< of each choice
    std::int64_t think = 0;   ///< words of thought in front
    bool cut_short = false;   ///< by the call's own limit: finish reason "length"
    std::string echo;         ///< the text to repeat; lorem without
    bool echoes = false;
    bool stamps = false;  ///< streams: a token is CLOCK_MONOTONIC in nanoseconds, as decimal digits
    std::optional<std::string> tool;  ///< a call of this function in place of text
    std::string document;             ///< as in Call
    std::string_view document_type = "application/json";  ///< likewise
    milliseconds ttft{};
    milliseconds itl{};
    Pace pace{Random(0), 0};

    std::int64_t completion_tokens() const noexcept { return tokens * choices; }
    /// How long a plain reply takes: as long as the stream would.
    std::chrono::nanoseconds whole_time();
};

Plan make_plan(const Options& options, const Call& call, std::uint64_t number);

/// The words of a reply, one per token, as JSON string content without its quotes. A tool call's
/// are the pieces of its arguments. Views into itself and into the plan, which must outlive it.
class Words {
public:
    explicit Words(const Plan& plan);
    std::string_view operator[](std::int64_t index) const noexcept;
    /// The word itself.
    std::string_view plain(std::int64_t index) const noexcept;

private:
    bool lorem_;
    std::vector<std::string> words_{};
    std::vector<std::string_view> plain_{};
};

}  // namespace obliv::sim
