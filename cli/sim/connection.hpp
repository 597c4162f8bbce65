#pragma once

#include "cli/sim/lane.hpp"
#include "cli/sim/plan.hpp"
#include "cli/sim/request_reader.hpp"
#include "cli/sim/stream.hpp"
#include "core/http/websocket.hpp"
#include "core/loop/timer_wheel.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace obliv::sim {

/// One client. What it sends is read at once, also while a reply waits for its time, so that a
/// client that leaves is noticed. Its lane owns it; on the lane's loop only.
class Connection {
public:
    Connection(Lane& lane, loop::Socket socket);

    void start();

private:
    enum class State : std::uint8_t {
        reading,    ///< the next request is awaited
        listening,  ///< the message that asks is awaited, over a WebSocket
        waiting,    ///< a plain reply waits for its time
        streaming,  ///< or waits for its first token
        dripping,
        hanging,    ///< for ever
        lingering,  ///< all was sent; the client is to close first
        closed,
    };

    void hear();
    void read();
    void process();
    void refuse(const Error& error);

    void serve();
    void serve_chat(const Asked& asked);
    void agree(const Asked& asked);
    void listen();
    void answer_message();
    void answer_count(const Format& format, const Call& call);
    bool admitted(const Format* format) const;
    void carry_out(Plan plan, bool stream);
    static void on_time(void* self);
    void send_plain();
    void stream_on();
    Stream::Next fill(std::string& out, bool all_at_once);
    void drip_on();
    void drip(std::string reply);

    void send(std::string_view bytes);
    void flush();
    void end_reply();
    void resume();
    void close();

    Lane& lane_;
    loop::Socket socket_;
    loop::Timer timer_;
    RequestReader requests_;
    State state_ = State::reading;
    bool processing_ = false;  ///< inside process(), which goes on with the next request itself

    /// A WebSocket: what asks is one message.
    struct Talk {
        Asked asked;
        http::FrameReader frames;
        std::string message;
    };
    std::unique_ptr<Talk> talk_;

    // The reply under way.
    bool keep_alive_ = true;
    std::optional<Plan> plan_;  ///< of a plain one
    std::unique_ptr<Stream> stream_;
    bool head_sent_ = false;
    SteadyTime due_{};  ///< the next token's time, counted from when it should have been
    std::string drip_;
    std::size_t dripped_ = 0;

    std::string unsent_;    ///< what the socket did not take
    bool stalled_ = false;  ///< the stream goes on when it has
    bool cut_ = false;      ///< the connection closes when it has
};

}  // namespace obliv::sim
