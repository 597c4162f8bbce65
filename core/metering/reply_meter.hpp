#pragma once

#include "core/llm/reply_listener.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace obliv::tokenizer {
class Tokenizers;
}

namespace obliv::metering {

/// Counts the output tokens of one reply that passes, or of what its provider told no figures of.
/// Most replies end with figures, so what is heard is kept first and counted when it becomes too
/// much to keep, or is asked for: a short reply with figures costs a copy of its text. Bounded
/// memory; it owns none before it hears something.
class ReplyMeter final : public llm::ReplyListener {
public:
    /// What is kept before it is counted: of a stream, which may stay open for hours, little, and
    /// of a whole reply no more than may be counted at once on a loop (some 3 ms).
    static constexpr std::size_t stream_bytes_max = 950;
    static constexpr std::size_t whole_bytes_max = 64U << 10;

    /// `tokenizers` outlives it, and so does `model`: the upstream's name of it, which may change
    /// until something is heard.
    ReplyMeter(const tokenizer::Tokenizers& tokenizers, const std::string& model);
    ~ReplyMeter() override;

    void keep_at_most(std::size_t bytes) noexcept {
        bytes_max_ = static_cast<std::uint32_t>(bytes);
    }
    /// Another reply begins.
    void forget() noexcept;

    void heard(llm::Voice voice, std::string_view stretch, bool escaped) override;
    void told() override;

    struct Counts {
        std::int64_t output = 0;
        std::int64_t reasoning = 0;
        /// By the model's own encoding, and nothing but text: how a provider writes a tool call
        /// down for its model is not public.
        bool exact = true;
    };
    /// Of what was heard since the last figures. May take a while after a long reply that was
    /// kept: 50 ns a byte.
    Counts counts();

private:
    struct State;

    const tokenizer::Tokenizers& tokenizers_;
    const std::string& model_;
    std::unique_ptr<State> state_;  ///< null: nothing was heard
    std::uint32_t bytes_max_ = stream_bytes_max;
};

}  // namespace obliv::metering
