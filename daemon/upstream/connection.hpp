#pragma once

#include "core/http/chunked.hpp"
#include "core/http/head.hpp"
#include "core/loop/event.hpp"
#include "core/loop/loop.hpp"
#include "daemon/upstream/call.hpp"
#include "daemon/upstream/pool.hpp"
#include "daemon/upstream/resolver.hpp"
#include "daemon/upstream/wire.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace obliv::upstream {

/// What the connections to one endpoint have in common.
struct Shelf {
    Endpoint endpoint;
    std::vector<std::unique_ptr<Connection>> idle;  ///< the one used last is at the back
    Session session;                                ///< to resume TLS with
    std::size_t users = 0;                          ///< connections that exist, idle or not
};

/// One connection to an upstream and the call it carries. Which file holds what: connection.cpp one
/// exchange, connect.cpp how it came to be.
class Connection {
public:
    Connection(loop::Loop& loop, Tls& tls, Resolver& resolver, Shelf& shelf,
               const http::HeadLimits& limits);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Before each call: its time-outs count from now on.
    void begin(const Timeouts& timeouts, SteadyTime total_end, Cancel* cancel);
    loop::Task<Result<void>> connect();
    loop::Task<Result<void>> exchange(std::string_view method,
                                      std::span<const std::string_view> request,
                                      std::string_view mapped);
    /// Makes chunk() the next one.
    loop::Task<Result<void>> next();
    /// The same if it has come already; nothing: next() has to wait for it.
    std::optional<Result<void>> try_next();
    const Chunk& chunk() const noexcept { return chunk_; }
    loop::Task<Result<std::string_view>> read_all(std::size_t bytes_max);
    loop::Task<Result<void>> send_more(std::string_view bytes);
    bool try_send(std::string_view bytes) noexcept;
    void end_here() noexcept;
    void cancel() noexcept;

    const http::ResponseHead& head() const noexcept { return *head_; }
    /// It ended without a byte of the reply: the request may be sent again elsewhere.
    bool died_unheard() const noexcept { return died_ && !heard_; }
    /// Between two calls: nothing is left over and the upstream keeps it open.
    bool reusable() const noexcept;
    /// Gives back what a call needs and an idle connection does not.
    void rest();
    bool still_open();

    Shelf& shelf() noexcept { return shelf_; }
    SteadyTime idle_since{};
    Pool* pool = nullptr;  ///< where it goes after its call

private:
    friend class Cancel;

    // connect.cpp
    loop::Task<Result<std::vector<Address>>> resolve(std::string host, std::uint16_t port);
    loop::Task<Result<void>> connect_any(std::vector<Address> addresses);
    /// Gives errno, 0 for success.
    loop::Task<int> connect_to(Address address);
    loop::Task<Result<void>> open_tunnel();
    loop::Task<Result<void>> secure();
    void interrupt() noexcept;

    // connection.cpp
    /// What of a request has not left yet.
    struct Unsent {
        std::span<const std::string_view> pieces;
        std::size_t skip = 0;     ///< bytes of the first piece that have left
        std::string_view mapped;  ///< what of it is a loop::Mapping
    };
    enum class Pushed : std::uint8_t { all, until_writable, until_readable };
    Result<Pushed> push(Unsent& unsent);
    loop::Task<Result<void>> send(std::span<const std::string_view> pieces);
    loop::Task<Result<void>> send_rest(Unsent unsent, Result<Pushed> pushed);
    loop::Task<Result<void>> exchange_slowly(std::string_view method, Unsent unsent,
                                             Result<Pushed> pushed);
    loop::Task<Result<void>> read_head(std::string_view method);
    enum class Filled : std::uint8_t { more, ended, nothing_yet };
    Result<Filled> try_fill();
    Result<Filled> fill_after(bool ready);
    loop::Task<Result<bool>> fill();
    loop::Task<Result<void>> wait_for_next();
    loop::Task<Result<void>> wait(bool write);
    loop::Io receive();
    void rest_between_reads();
    Result<void> end_of_body();
    void make_room();
    Result<void> cut();
    Result<void> cut_chunked();
    void one_piece(std::string_view bytes) noexcept;
    bool append(std::string_view bytes, std::size_t& size, std::size_t bytes_max);

    void set_deadline(std::chrono::milliseconds span, const char* what);
    void arm_timer();
    void on_timer();
    bool interrupted() const noexcept { return cancelled_ || timed_out_; }
    Error interruption() const;
    Error failure(Code code, std::string cause) const;
    Error closed(const char* when);
    std::string_view input() const noexcept { return {in_.data() + begin_, end_ - begin_}; }

    loop::Loop& loop_;
    Tls& tls_;
    Shelf& shelf_;
    const http::HeadLimits& limits_;
    loop::Timer timer_;
    Wire wire_;
    Resolver& resolver_;
    loop::Event* look_up_ = nullptr;  // where connect() waits for a name
    Cancel* cancel_ = nullptr;

    // The call.
    Timeouts timeouts_;
    SteadyTime total_end_ = SteadyTime::max();
    SteadyTime deadline_ = SteadyTime::max();
    bool expecting_ = false;  // the other side is to act; else only the total time counts
    std::chrono::milliseconds waited_for_{0};
    const char* waiting_ = "";
    std::unique_ptr<http::ResponseHead> head_;
    http::ChunkedDecoder decoder_;
    std::uint64_t left_ = 0;
    http::BodyEnd body_end_ = http::BodyEnd::none;

    // What has been read: [begin_, end_) of in_ has not been given out.
    loop::Block in_;
    loop::Block pieces_;  // the views of the last chunk
    loop::Block all_;     // of read_all()
    std::string_view one_;
    Chunk chunk_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;

    bool keep_alive_ = false;
    bool heard_ = false;      // a byte of the reply has arrived
    bool died_ = false;       // closed or reset by the other side
    bool finished_ = false;   // the reply has ended whole
    bool last_full_ = false;  // the last read filled its buffer: the next one gets a larger one
    bool timed_out_ = false;
    bool cancelled_ = false;
    bool fresh_tls_ = false;
};

}  // namespace obliv::upstream
