#include "daemon/server/connection.hpp"

#include "core/base/log.hpp"
#include "core/loop/yield.hpp"

#include <algorithm>
#include <exception>
#include <sys/socket.h>
#include <vector>

namespace obliv::server {
namespace {

// How much of what a client still sends is read after our last word, and for how long. Closing at
// once would reset the connection and could destroy the reply before the client has read it.
constexpr std::size_t linger_bytes_max = 128U << 20;
constexpr auto linger_time = std::chrono::seconds(2);       // for the next megabyte
constexpr auto linger_time_max = std::chrono::seconds(10);  // in all

}  // namespace

Connection::Connection(Hub& hub, loop::Socket socket, Peer peer)
    : hub_(hub), socket_(std::move(socket)),
      timer_(
          hub.loop.timers(), [](void* self) { static_cast<Connection*>(self)->on_timer(); }, this),
      peer_(std::move(peer)), next_(hub.connections) {
    if (next_ != nullptr)
        next_->previous_ = this;
    hub_.connections = this;
    hub_.counters.connections.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() {
    if (previous_ != nullptr)
        previous_->next_ = next_;
    else
        hub_.connections = next_;
    if (next_ != nullptr)
        next_->previous_ = previous_;
    hub_.counters.connections.fetch_sub(1, std::memory_order_relaxed);
}

const http::RequestHead& Connection::request() const {
    if (head_)
        return *head_;
    static const http::RequestHead none{};
    return none;
}

loop::Task<Result<void>> Connection::run(std::unique_ptr<Connection> connection) {
    auto& self = *connection;
    auto news = [](void* owner) { static_cast<Connection*>(owner)->look(); };
    if (!self.socket_.set_hook(news, &self))
        co_return fail(Code::overloaded, "the kernel cannot watch one more connection");
    while (self.may_go_on()) {
        auto got = co_await self.next_head();
        if (!got) {
            co_await self.refuse(got.error());
            break;
        }
        if (!*got)
            co_return ok();
        self.begin_exchange();
        // Here and not in a function of its own, whose frame each open stream would have to keep.
        Result<void> result;
        try {
            result = co_await self.hub_.service.serve(self);
        } catch (const std::exception& error) {
            result = self.thrown(error);
        }
        self.judge(result);
        if (self.must_answer(result))
            co_await self.send_error(result.error());
        self.end_serving(result);
        if (!self.keep_alive_ || self.client_gone_ || self.stopping_)
            break;
    }
    if (self.must_linger())
        co_await self.linger();
    co_return ok();
}

/// Answers what could not be parsed, as far as anybody listens.
loop::Task<void> Connection::refuse(const Error& error) {
    if (error.code == Code::cancelled || !may_go_on())
        co_return;
    head_.reset();
    choose_request_id();
    begin_exchange();
    keep_alive_ = is_head_ = http_1_0_ = false;
    unread_ = ~std::uint64_t{0};  // where this request ends is anybody's guess
    co_await send_error(error);
    hub_.service.ended(*this, &error);
    end_exchange_state();
}

void Connection::begin_exchange() {
    phase_ = Phase::serving;
    deadline_ = SteadyTime::max();
    spoke_at_ = arrived_;
    started_ = finished_ = client_gone_ = false;
    status_ = 0;
    bytes_sent_ = 0;
    hub_.counters.exchanges.fetch_add(1, std::memory_order_relaxed);
    arm_timer();
}

void Connection::end_exchange_state() {
    hub_.counters.exchanges.fetch_sub(1, std::memory_order_relaxed);
    gone_ = nullptr;
    pulse_ = nullptr;
    watching_ = false;
    head_text_.clear();
    body_.reset();
    phase_ = Phase::idle;
}

Error Connection::thrown(const std::exception& error) const {
    log::write(log::Level::err, "an exception reached the connection",
               {{"request_id", request_id()}, {"what", std::string_view(error.what())}});
    return fail(Code::internal, "an internal error; the log has its cause");
}

/// A service that is content without having answered has failed.
void Connection::judge(Result<void>& result) const {
    if (result && !finished_)
        result = fail(Code::internal, "the request was not answered");
}

bool Connection::must_answer(const Result<void>& result) const {
    return !result && !replied() && !client_gone_ && may_go_on();
}

void Connection::end_serving(const Result<void>& result) {
    if (!finished_)
        keep_alive_ = false;
    hub_.service.ended(*this, result ? nullptr : &result.error());
    end_exchange_state();
    if (body_left())
        keep_alive_ = false;
    else
        begin_ += static_cast<std::size_t>(unread_);
}

/// Whether what the client still sends has to be read before the connection is closed.
bool Connection::must_linger() const {
    return may_go_on() && !client_gone_ && (body_left() || begin_ < end_);
}

/// The one place where an Error becomes a reply.
loop::Task<void> Connection::send_error(const Error& error) {
    auto rendered = hub_.service.render(error, *this);
    std::vector<http::Header> headers;
    for (const auto& [name, value] : rendered.headers)
        headers.push_back({name, value});
    started_ = false;
    head_text_.clear();
    auto sent = co_await reply(rendered.status, rendered.content_type, headers, rendered.body);
    if (!sent)
        keep_alive_ = false;
}

/// Says that nothing more will come, and reads what the client still sends for a while.
loop::Task<void> Connection::linger() {
    if (::shutdown(socket_.descriptor(), SHUT_WR) != 0)
        co_return;
    wait_until(hub_.loop.now() + linger_time);
    auto scratch = hub_.loop.scratch();
    constexpr std::size_t turn_bytes = 1U << 20;
    std::size_t turn = 0;
    auto last = hub_.loop.now() + linger_time_max;
    for (std::size_t total = 0; total < linger_bytes_max;) {
        auto io = socket_.receive(scratch);
        if (io.done()) {
            total += io.bytes;
            turn += io.bytes;
            if (turn >= turn_bytes) {
                turn = 0;
                co_await loop::yield(hub_.loop);
                auto now = hub_.loop.now();
                if (now >= deadline_)
                    co_return;
                wait_until(std::min(now + linger_time, last));  // it is still sending
            }
            continue;
        }
        if (io.status != loop::Io::Status::would_block)
            co_return;
        bool ready = co_await loop::readable(socket_);
        if (!ready)
            co_return;
    }
}

void Connection::wait_until(SteadyTime at) {
    deadline_ = at;
    timed_out_ = false;
    arm_timer();
}

/// One timer does for the deadline, for heartbeats and for what is worth doing only when something
/// takes as long as to the next tick of the wheel.
void Connection::arm_timer() {
    auto at = deadline_;
    bool serving = !upgraded_ && (phase_ == Phase::serving || phase_ == Phase::flushing);
    if (serving && !watching_ && !client_gone_)
        at = std::min(at, hub_.loop.turn_began());  // at the next tick
    else if (phase_ == Phase::serving)
        at = std::min(at, next_beat());
    if (at != SteadyTime::max())
        timer_.arm(at);
}

void Connection::on_timer() {
    auto now = hub_.loop.now();
    if (now >= deadline_) {
        timed_out_ = true;
        socket_.interrupt();
        return;
    }
    if ((phase_ == Phase::serving || phase_ == Phase::flushing) && !watching_ && !client_gone_ &&
        !upgraded_)
        watch();
    // What is half sent is neither silence nor a place for more.
    if (phase_ == Phase::serving && now >= next_beat())
        beat(now);
    auto at = phase_ == Phase::serving ? std::min(deadline_, next_beat()) : deadline_;
    if (at != SteadyTime::max())
        timer_.arm(at);
}

void Connection::set_pulse(const Pulse* pulse, void* owner) {
    pulse_ = pulse;
    pulse_owner_ = owner;
    // Until the timer has gone off once, which is soon, it has no need to know.
    if (pulse_ != nullptr && watching_)
        arm_timer();
}

SteadyTime Connection::next_beat() const noexcept {
    if (pulse_ == nullptr || pulse_->every.count() == 0 || finished_ || client_gone_)
        return SteadyTime::max();
    return spoke_at_ + pulse_->every;
}

/// From now on a hang-up is noticed at once. Not before: most requests are answered sooner than
/// this is worth, and a client that shuts its side down after asking gets its quick answer.
void Connection::watch() {
    watching_ = true;
    look();
}

/// Reads what has come while a request is being served: the next request, or the end.
void Connection::look() {
    while (watching_ && may_go_on() && !socket_.quiet()) {
        if (!in_) {
            in_ = hub_.loop.blocks().take(loop::BlockPool::smallest);
            begin_ = end_ = 0;
        }
        if (end_ == in_.capacity())
            return;  // a client that pipelines a whole buffer is not about to leave
        auto room = std::span<char>(in_.data() + end_, in_.capacity() - end_);
        auto io = socket_.receive(room);
        end_ += io.bytes;
        if (end_ == 0)
            in_.release();
        if (io.done())
            continue;
        if (io.status == loop::Io::Status::would_block)
            return;
        watching_ = false;
        client_gone_ = true;
        socket_.interrupt();  // a stalled write has nobody to wait for
        say_gone();
    }
}

void Connection::say_gone() {
    if (auto gone = std::exchange(gone_, nullptr))
        gone();
}

void Connection::close_if_idle() {
    if (phase_ != Phase::idle || begin_ < end_)
        return;
    if (fresh_)  // who has just been let in is about to ask, and would take a close for a crash
        return wait_until(hub_.loop.now() + first_request_grace);
    closing_ = true;
    socket_.interrupt();
}

void Connection::end_exchange() {
    stopping_ = true;
    if (phase_ == Phase::serving || phase_ == Phase::flushing)
        return say_gone();
    closing_ = true;
    socket_.interrupt();
}

void Connection::close_now() {
    closing_ = true;
    socket_.close();
    say_gone();
}

}  // namespace obliv::server
