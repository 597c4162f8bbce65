#pragma once

#include "cli/sim/plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::sim {

/// The head of a streamed reply, appended to `out`. It needs HTTP/1.1: each event is one chunk.
void append_stream_head(std::string& out, bool keep_alive);

/// Writes one streamed reply, token by token. The bytes of an event that differ from token to token
/// are few: all before them is made once.
class StreamWriter {
public:
    enum class Next : std::uint8_t {
        more,  ///< another token follows after a delay
        done,  ///< the reply is whole
        cut,   ///< the connection closes here (Fault::Kind::cut)
    };

    explicit StreamWriter(Plan plan);
    StreamWriter(const StreamWriter&) = delete;
    StreamWriter& operator=(const StreamWriter&) = delete;

    /// Appends the next token of every choice; with the first, what opens the reply; with the last,
    /// what ends it.
    Next next(std::string& out);
    /// How long after this token the next one comes.
    std::chrono::nanoseconds delay() noexcept { return plan_.pace.next(plan_.itl); }

    Fault::Kind fault() const noexcept { return plan_.fault.kind; }

private:
    void append_event(std::string& out, std::int64_t choice, std::string_view delta,
                      std::string_view text, std::string_view delta_end, std::string_view finish);
    void append_opening(std::string& out);
    void append_token(std::string& out);
    void append_end(std::string& out);

    Plan plan_;
    Words words_;
    std::string prefix_;  ///< of every event, up to the index of its choice
    std::string suffix_;  ///< behind the choice
    std::int64_t token_ = 0;
    std::int64_t fault_at_;  ///< the token that a fault in the middle meets
};

}  // namespace obliv::sim
