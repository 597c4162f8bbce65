#pragma once

#include "cli/sim/plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::sim {

inline constexpr std::string_view event_stream = "text/event-stream; charset=utf-8";

/// The head of a streamed reply, appended to `out`. It needs HTTP/1.1: each event is one chunk.
void append_stream_head(std::string& out, bool keep_alive,
                        std::string_view content_type = event_stream);

/// One streamed reply, token by token.
class Stream {
public:
    enum class Next : std::uint8_t {
        more,  ///< another token follows after a delay
        done,  ///< the reply is whole
        cut,   ///< the connection closes here (Fault::Kind::cut)
    };

    explicit Stream(Plan plan) : plan_(std::move(plan)) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    /// Appends the next token of every choice; with the first, what opens the reply; with the last,
    /// what ends it.
    virtual Next next(std::string& out) = 0;
    virtual std::string_view content_type() const noexcept { return event_stream; }
    /// How long after this token the next one comes.
    std::chrono::nanoseconds delay() noexcept { return plan_.pace.next(plan_.itl); }

    Fault::Kind fault() const noexcept { return plan_.fault.kind; }

protected:
    Plan plan_;
};

/// In the form of OpenAI's chat completions. The bytes of an event that differ from token to token
/// are few: all before them is made once.
class StreamWriter final : public Stream {
public:
    explicit StreamWriter(Plan plan);
    Next next(std::string& out) override;

private:
    void append_event(std::string& out, std::int64_t choice, std::string_view delta,
                      std::string_view text, std::string_view delta_end, std::string_view finish);
    void append_opening(std::string& out);
    void append_token(std::string& out);
    void append_end(std::string& out);

    Words words_;
    std::string prefix_;  ///< of every event, up to the index of its choice
    std::string suffix_;  ///< behind the choice
    std::int64_t token_ = 0;
    std::int64_t fault_at_;  ///< the token that a fault in the middle meets
};

}  // namespace obliv::sim
