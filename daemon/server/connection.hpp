#pragma once

#include "core/http/chunked.hpp"
#include "core/loop/frames.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/socket.hpp"
#include "daemon/server/body.hpp"
#include "daemon/server/exchange.hpp"
#include "daemon/server/hub.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <string>

namespace obliv::server {

/// The table of a request's headers is over a kilobyte, which goes through the slow half of malloc:
/// it comes from where the frames of coroutines do.
struct GiveBack {
    void operator()(http::RequestHead* head) const noexcept {
        std::destroy_at(head);
        loop::give_frame(head, sizeof *head);
    }
};

/// How long a connection that has not asked anything yet may still do so once the server drains.
inline constexpr auto first_request_grace = std::chrono::seconds(1);

/// One client and its exchanges, one after the other. Everything happens on its loop. Which file
/// holds what: connection.cpp its life, connection_read.cpp requests, connection_write.cpp replies,
/// connection_raw.cpp what is no HTTP any more.
class Connection final : public Exchange {
public:
    Connection(Hub& hub, loop::Socket socket, Peer peer);
    ~Connection() override;

    /// Serves the client until one side has had enough.
    static loop::Task<Result<void>> run(std::unique_ptr<Connection> connection);

    /// For the server: each is safe at any time between two suspensions.
    void close_if_idle();
    void end_exchange();
    void close_now();
    Connection* next() const noexcept { return next_; }

    const http::RequestHead& request() const override;
    const Peer& peer() const override { return peer_; }
    std::string_view request_id() const override { return {request_id_.data(), request_id_size_}; }
    SteadyTime arrived() const override { return arrived_; }
    loop::Loop& loop() override { return hub_.loop; }
    loop::Task<Result<std::string_view>> read_body() override;
    void release_request() override;
    void release_body() override { body_.reset(); }
    std::string_view mapped_body() const override {
        return body_ ? body_->mapped() : std::string_view{};
    }

    void start(int status, std::string_view content_type, std::span<const http::Header> headers,
               std::optional<std::uint64_t> length) override;
    loop::Task<Result<void>> write(Pieces payload) override;
    loop::Task<Result<void>> write_framed(std::string_view chunks) override;
    loop::Task<Result<void>> finish(Pieces payload) override;
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override;

    void set_pulse(const Pulse* pulse, void* owner) override;

    loop::Task<Result<void>> upgrade(std::span<const http::Header> headers) override;
    loop::Task<Result<std::string_view>> receive() override;
    loop::Task<Result<void>> send_raw(std::string_view bytes) override;
    void stop_receiving() override;

    bool replied() const override { return bytes_sent_ > 0; }
    bool finished() const override { return finished_; }
    int status() const override { return status_; }
    std::uint64_t bytes_sent() const override { return bytes_sent_; }
    void on_client_gone(std::function<void()> gone) override { gone_ = std::move(gone); }
    bool client_gone() const override { return client_gone_; }
    bool stopping() const override { return stopping_; }

private:
    enum class Phase : std::uint8_t { idle, head, body, serving, flushing };
    enum class Framing : std::uint8_t { length, chunked, close, none };
    enum class Sent : std::uint8_t { all, part, failed };

    // connection.cpp
    Error thrown(const std::exception& error) const;
    void judge(Result<void>& result) const;
    bool must_answer(const Result<void>& result) const;
    void end_serving(const Result<void>& result);
    bool must_linger() const;
    loop::Task<void> refuse(const Error& error);
    loop::Task<void> send_error(const Error& error);
    loop::Task<void> linger();
    void begin_exchange();
    void wait_until(SteadyTime at);
    void arm_timer();
    void end_exchange_state();
    void on_timer();
    SteadyTime next_beat() const noexcept;
    void watch();
    void look();
    void say_gone();
    bool may_go_on() const noexcept { return !closing_ && socket_.is_open(); }

    // connection_read.cpp
    loop::Task<Result<bool>> next_head();
    void wait_for_request();
    bool read_first();
    loop::Task<Result<void>> more(char* into, std::size_t size, std::size_t& got);
    loop::Task<Result<void>> more_in();
    Result<void> invite_body();
    loop::Task<Result<std::string_view>> take_body();
    void wait_for_body(SteadyTime begun, std::size_t got);
    std::string_view take_behind_head(std::size_t length) noexcept;
    loop::Task<Result<std::string_view>> read_behind_head(std::size_t length);
    loop::Task<Result<std::string_view>> read_sized(std::size_t length);
    loop::Task<Result<std::string_view>> read_chunked();
    Result<std::size_t> unchunk(http::ChunkedDecoder& decoder, std::string_view wire);
    Result<void> begin_body();
    void note_head();
    void choose_request_id();
    void make_room_for_head();
    /// Part of the request's body is still on its way, and nobody will read it.
    bool body_left() const noexcept { return unread_ > end_ - begin_; }
    std::string_view input() const noexcept { return {in_.data() + begin_, end_ - begin_}; }

    // connection_write.cpp
    using Frame = std::array<iovec, 512 + 4>;
    using SizeLine = std::array<char, 20>;
    std::size_t frame(std::span<const std::string_view> payload, bool last, Frame& parts,
                      SizeLine& line);
    void beat(SteadyTime now);
    Sent send(std::span<iovec> parts);
    Sent send_payload(std::span<const std::string_view> payload, bool last);
    loop::Task<Result<void>> flush();
    loop::Task<Result<void>> complete(Sent sent);
    loop::Task<Result<void>> write_many(Pieces payload);
    loop::Task<Result<void>> write_unframed(std::string_view chunks);
    loop::Task<Result<void>> finish_many(Pieces payload);
    loop::Task<Result<void>> finish_rest();
    void note_finish() noexcept;
    Error gone_error();

    Hub& hub_;
    loop::Socket socket_;
    loop::Timer timer_;
    Peer peer_;
    Connection* previous_ = nullptr;
    Connection* next_ = nullptr;

    // What has been read: [begin_, end_) of in_ is not yet dealt with.
    loop::Block in_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::unique_ptr<Body> body_;  ///< null: it fits behind the head, or there is none
    std::unique_ptr<http::RequestHead, GiveBack> head_;

    // The exchange.
    SteadyTime arrived_{};
    SteadyTime deadline_ = SteadyTime::max();
    SteadyTime spoke_at_{};  // when bytes of the reply were last sent, or when it was asked for
    const Pulse* pulse_ = nullptr;
    void* pulse_owner_ = nullptr;
    std::function<void()> gone_;
    std::array<char, 64> request_id_{};
    std::uint8_t request_id_size_ = 0;
    Phase phase_ = Phase::idle;
    Framing framing_ = Framing::none;
    bool keep_alive_ = false;
    bool is_head_ = false;
    bool http_1_0_ = false;
    bool started_ = false;
    bool finished_ = false;
    bool fresh_ = true;  // nothing has been read yet
    int status_ = 0;
    std::uint64_t unread_ = 0;  // bytes of the body nobody has asked for; a chunked one is endless
    std::uint64_t bytes_sent_ = 0;
    std::uint64_t length_left_ = 0;

    // What could not be sent at once.
    std::string head_text_;
    struct Unsent : loop::InFrames {
        loop::Block block;
        std::size_t begin = 0;
        std::size_t end = 0;

        std::string_view bytes() const noexcept { return {block.data() + begin, end - begin}; }
    };
    std::unique_ptr<Unsent> unsent_;  // null: nothing

    // The connection.
    bool upgraded_ = false;  // to another protocol
    bool deaf_ = false;      // nothing more is to be received of it
    bool watching_ = false;  // for the client to hang up
    bool timed_out_ = false;
    bool closing_ = false;
    bool client_gone_ = false;
    bool stopping_ = false;
};

}  // namespace obliv::server
