#include "daemon/upstream/connection.hpp"

#include "core/base/check.hpp"
#include "core/base/time_format.hpp"
#include "core/loop/unnamed_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace obliv::upstream {
namespace {

using Status = loop::Io::Status;

constexpr std::size_t read_block = loop::BlockPool::capacity_of(16 * 1024);
// For a reply that has filled a whole block: fewer calls for large bodies.
constexpr std::size_t large_read_block = loop::BlockPool::capacity_of(64 * 1024);

// A trip into the kernel for each packet would be too many.
constexpr std::size_t let_go_bytes = 1U << 20;

/// Lets go of what comes before `next`, if that is in what is left of the mapping, or of all that
/// is left if it is null.
void let_go_of(std::string_view& mapped, const char* next) noexcept {
    bool inside = next >= mapped.data() && next < mapped.data() + mapped.size();
    auto done = inside ? static_cast<std::size_t>(next - mapped.data()) : mapped.size();
    if ((next != nullptr && !inside) || done < let_go_bytes)
        return;
    loop::let_go(mapped.substr(0, done));
    mapped.remove_prefix(done);
}

iovec part_of(std::string_view bytes) noexcept {
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

Connection::Connection(loop::Loop& loop, Tls& tls, Resolver& resolver, Shelf& shelf,
                       const http::HeadLimits& limits)
    : loop_(loop), tls_(tls), shelf_(shelf), limits_(limits),
      timer_(
          loop.timers(), [](void* self) { static_cast<Connection*>(self)->on_timer(); }, this),
      wire_(loop::Socket(loop)), resolver_(resolver) {
    ++shelf_.users;
}

Connection::~Connection() {
    if (cancel_ != nullptr)
        cancel_->connection_ = nullptr;
    --shelf_.users;
}

void Connection::begin(const Timeouts& timeouts, SteadyTime total_end, Cancel* cancel) {
    timeouts_ = timeouts;
    total_end_ = total_end;
    heard_ = died_ = finished_ = timed_out_ = false;
    decoder_ = http::ChunkedDecoder();
    chunk_ = {};
    cancel_ = cancel;
    if (cancel_ != nullptr) {
        cancel_->connection_ = this;
        cancelled_ = cancel_->cancelled();
    }
}

/// Sends the request, nearly always in one system call, and waits for the head of the reply.
loop::Task<Result<void>> Connection::exchange(std::string_view method,
                                              std::span<const std::string_view> request,
                                              std::string_view mapped) {
    Unsent unsent{request, 0, mapped};
    auto pushed = push(unsent);
    if (pushed && *pushed == Pushed::all)
        return read_head(method);
    return exchange_slowly(method, unsent, std::move(pushed));
}

loop::Task<Result<void>> Connection::exchange_slowly(std::string_view method, Unsent unsent,
                                                     Result<Pushed> pushed) {
    auto sent = co_await send_rest(unsent, std::move(pushed));
    // A server may refuse a large body with a reply and a close before it has read all of it.
    if (!sent && !died_)
        co_return sent;
    auto head = co_await read_head(method);
    if (!sent && !head && died_)
        co_return sent;
    co_return head;
}

/// Sends as much as the socket takes without a wait, and tells what to wait for.
Result<Connection::Pushed> Connection::push(Unsent& unsent) {
    auto& pieces = unsent.pieces;
    while (!pieces.empty()) {
        std::array<iovec, 8> parts;
        std::size_t count = 0;
        for (; count < std::min(parts.size(), pieces.size()); ++count)
            parts[count] = part_of(pieces[count].substr(count == 0 ? unsent.skip : 0));
        auto step = wire_.send(std::span<iovec>(parts.data(), count));
        if (step.status == Status::would_block)
            return wire_.is_tls() && !step.want_write ? Pushed::until_readable
                                                      : Pushed::until_writable;
        if (!step.done()) {
            died_ = true;
            return failure(Code::upstream_failed,
                           "it closed the connection while the request was sent");
        }
        auto sent = step.bytes + unsent.skip;
        while (!pieces.empty() && sent >= pieces.front().size()) {
            sent -= pieces.front().size();
            pieces = pieces.subspan(1);
        }
        unsent.skip = sent;
        if (!unsent.mapped.empty())
            let_go_of(unsent.mapped, pieces.empty() ? nullptr : pieces.front().data() + sent);
    }
    return Pushed::all;
}

/// Goes on after a push() until all has left.
loop::Task<Result<void>> Connection::send_rest(Unsent unsent, Result<Pushed> pushed) {
    while (pushed && *pushed != Pushed::all) {
        set_deadline(timeouts_.idle, "it took none of the request");
        bool write = *pushed == Pushed::until_writable;
        auto waited = co_await wait(write);
        if (!waited)
            co_return waited;
        pushed = push(unsent);
    }
    if (!pushed)
        co_return pushed.error();
    co_return ok();
}

/// `pieces` outlives the task.
loop::Task<Result<void>> Connection::send(std::span<const std::string_view> pieces) {
    Unsent unsent{pieces, 0, {}};
    auto pushed = push(unsent);
    return send_rest(unsent, std::move(pushed));
}

loop::Task<Result<void>> Connection::send_more(std::string_view bytes) {
    std::span<const std::string_view> pieces(&bytes, 1);
    co_return co_await send(pieces);
}

bool Connection::try_send(std::string_view bytes) noexcept {
    auto part = part_of(bytes);
    auto step = wire_.send(std::span<iovec>(&part, 1));
    return step.done() && step.bytes == bytes.size();
}

void Connection::end_here() noexcept {
    body_end_ = http::BodyEnd::none;
    keep_alive_ = false;
}

loop::Task<Result<void>> Connection::read_head(std::string_view method) {
    set_deadline(timeouts_.first_byte, "it has not answered");
    begin_ = end_ = 0;
    for (;;) {
        // As fill() does, without a frame of its own.
        auto filled = try_fill();
        while (filled && *filled == Filled::nothing_yet) {
            bool ready = co_await loop::readable(wire_.socket());
            filled = fill_after(ready);
        }
        if (!filled)
            co_return filled.error();
        if (*filled == Filled::ended)
            co_return closed("before it answered");
        if (!head_)
            head_.reset(new http::ResponseHead);  // unlike make_unique, this clears no table
        auto parsed = http::parse_response_head(input(), method, limits_, *head_);
        if (!parsed)
            co_return failure(Code::upstream_failed, std::move(parsed.error().message));
        if (*parsed == http::Parse::complete)
            break;
        make_room();
    }
    expecting_ = false;
    begin_ += head_->size;
    keep_alive_ = head_->keep_alive;
    body_end_ = head_->body;
    left_ = head_->content_length.value_or(0);
    co_return ok();
}

/// One recv into what room there is; takes a block when there is none, and gives an empty one back.
loop::Io Connection::receive() {
    if (!in_) {
        in_ = loop_.blocks().take(last_full_ ? large_read_block : read_block);
        begin_ = end_ = 0;
    }
    auto room = std::span<char>(in_.data() + end_, in_.capacity() - end_);
    auto step = wire_.receive(room);
    end_ += step.bytes;
    last_full_ = step.done() && step.bytes == room.size();
    heard_ = heard_ || step.done();
    if (end_ == 0)
        in_.release();
    return step;
}

/// More behind end_, if it has come.
Result<Connection::Filled> Connection::try_fill() {
    if (interrupted())
        return interruption();
    if (wire_.socket().quiet() && !wire_.has_buffered())
        return Filled::nothing_yet;
    auto io = receive();
    if (io.done())
        return Filled::more;
    if (io.status == Status::would_block)
        return Filled::nothing_yet;
    // A reset is no end: what was read until then may be anything.
    died_ = io.status == Status::failed;
    return Filled::ended;
}

/// The same after a wait, which ends without news when the socket cannot be watched.
Result<Connection::Filled> Connection::fill_after(bool ready) {
    if (ready || interrupted())
        return try_fill();
    return Filled::ended;
}

/// At least one more byte behind end_. False when the other side has closed.
loop::Task<Result<bool>> Connection::fill() {
    auto filled = try_fill();
    while (filled && *filled == Filled::nothing_yet) {
        bool ready = co_await loop::readable(wire_.socket());
        filled = fill_after(ready);
    }
    if (!filled)
        co_return filled.error();
    co_return *filled == Filled::more;
}

loop::Task<Result<void>> Connection::wait(bool write) {
    if (interrupted())
        co_return interruption();
    auto ready = loop::SocketWait(wire_.socket(), write);
    co_await ready;  // an error shows on the next call
    if (interrupted())
        co_return interruption();
    co_return ok();
}

void Connection::make_room() {
    if (end_ < in_.capacity())
        return;
    auto larger = loop_.blocks().take(in_.capacity() * 2);
    std::memcpy(larger.data(), in_.data(), end_);
    in_ = std::move(larger);
}

std::optional<Result<void>> Connection::try_next() {
    check(!finished_, "a reply that has ended has no next chunk");
    if (body_end_ == http::BodyEnd::none) {
        finished_ = true;
        chunk_ = Chunk{{}, {}, false, true};
        return ok();
    }
    if (begin_ == end_)
        return std::nullopt;
    auto done = cut();
    // A read may bring framing only; nobody wants to hear about that.
    if (!done || chunk_.last || !chunk_.payload.empty())
        return done;
    return std::nullopt;
}

loop::Task<Result<void>> Connection::next() {
    if (auto at_hand = try_next())
        return loop::ended(std::move(*at_hand));
    return wait_for_next();
}

loop::Task<Result<void>> Connection::wait_for_next() {
    for (;;) {
        if (begin_ == end_) {
            rest_between_reads();
            // As fill() does, without a frame of its own: this is where streams idle.
            auto filled = try_fill();
            while (filled && *filled == Filled::nothing_yet) {
                bool ready = co_await loop::readable(wire_.socket());
                filled = fill_after(ready);
            }
            expecting_ = false;
            if (!filled)
                co_return filled.error();
            if (*filled == Filled::ended)
                co_return end_of_body();
        }
        if (auto read = try_next())
            co_return std::move(*read);
    }
}

/// An idle stream owns no buffer.
void Connection::rest_between_reads() {
    head_.reset();
    in_.release();
    pieces_.release();
    begin_ = end_ = 0;
    set_deadline(timeouts_.idle, "it has been silent");
}

Result<void> Connection::end_of_body() {
    if (body_end_ != http::BodyEnd::close || died_)
        return closed("in the middle of its answer");
    finished_ = true;
    chunk_ = Chunk{{}, {}, false, true};
    return ok();
}

void Connection::one_piece(std::string_view bytes) noexcept {
    one_ = bytes;
    begin_ += bytes.size();
    chunk_ = Chunk{bytes, std::span<const std::string_view>(&one_, 1), false, false};
}

Result<void> Connection::cut() {
    if (interrupted())
        return interruption();
    if (body_end_ == http::BodyEnd::chunked)
        return cut_chunked();
    auto bytes = input();
    if (body_end_ == http::BodyEnd::close) {
        one_piece(bytes);
        return ok();
    }
    one_piece(
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()))));
    left_ -= chunk_.raw.size();
    chunk_.last = finished_ = left_ == 0;
    return ok();
}

Result<void> Connection::cut_chunked() {
    if (!pieces_)
        pieces_ = loop_.blocks().take(loop::BlockPool::smallest);
    auto* pieces = reinterpret_cast<std::string_view*>(pieces_.data());
    std::size_t pieces_max = pieces_.capacity() / sizeof(std::string_view);
    std::size_t count = 0;
    bool whole = decoder_.at_boundary();
    auto start = begin_;
    while (begin_ < end_ && count < pieces_max && !decoder_.done()) {
        auto step = decoder_.next(input());
        if (!step)
            return failure(Code::upstream_failed, std::move(step.error().message));
        begin_ += step->consumed;
        if (!step->payload.empty())
            std::construct_at(pieces + count++, step->payload);
    }
    finished_ = decoder_.done();
    chunk_.raw = {in_.data() + start, begin_ - start};
    chunk_.payload = {pieces, count};
    chunk_.whole_chunks = whole && decoder_.at_boundary() && !finished_;
    chunk_.last = finished_;
    return ok();
}

loop::Task<Result<std::string_view>> Connection::read_all(std::size_t bytes_max) {
    std::size_t size = 0;
    for (;;) {
        auto read = co_await next();
        if (!read)
            co_return read.error();
        if (chunk_.last && size == 0 && chunk_.payload.size() <= 1) {
            // The usual small reply: it lies in one piece already.
            auto whole = chunk_.payload.empty() ? std::string_view() : chunk_.payload[0];
            if (whole.size() <= bytes_max)
                co_return whole;
        }
        for (auto piece : chunk_.payload)
            if (!append(piece, size, bytes_max))
                co_return failure(Code::upstream_failed, "its answer is larger than " +
                                                             std::to_string(bytes_max) + " bytes");
        if (chunk_.last)
            co_return std::string_view(all_.data(), size);
    }
}

bool Connection::append(std::string_view bytes, std::size_t& size, std::size_t bytes_max) {
    if (bytes.size() > bytes_max - size)
        return false;
    if (size + bytes.size() > all_.capacity()) {
        auto larger = loop_.blocks().take(size + bytes.size() + all_.capacity());
        if (size > 0)
            std::memcpy(larger.data(), all_.data(), size);
        all_ = std::move(larger);
    }
    std::memcpy(all_.data() + size, bytes.data(), bytes.size());
    size += bytes.size();
    return true;
}

void Connection::set_deadline(std::chrono::milliseconds span, const char* what) {
    expecting_ = true;
    deadline_ = total_end_;
    waited_for_ = timeouts_.total;
    waiting_ = "its answer is not complete";
    auto at = loop_.turn_began() + span;
    if (span.count() > 0 && at < total_end_) {
        deadline_ = at;
        waited_for_ = span;
        waiting_ = what;
    }
    arm_timer();
}

void Connection::arm_timer() {
    if (deadline_ != SteadyTime::max())
        timer_.arm(deadline_);
    else
        timer_.cancel();
}

void Connection::on_timer() {
    auto now = loop_.now();
    // A caller that is busy elsewhere, with a slow client, does not make the upstream silent.
    if (now >= deadline_ && now < total_end_ && !expecting_) {
        deadline_ = total_end_;
        return arm_timer();
    }
    if (now >= deadline_) {
        timed_out_ = true;
        return interrupt();
    }
    if (deadline_ != SteadyTime::max())
        timer_.arm(deadline_);
}

void Connection::interrupt() noexcept {
    wire_.socket().interrupt();
    if (look_up_ != nullptr)
        look_up_->notify();
}

void Connection::cancel() noexcept {
    cancelled_ = true;
    interrupt();
}

Error Connection::interruption() const {
    if (cancelled_)
        return failure(Code::cancelled, "the call was cancelled");
    return failure(Code::upstream_timeout,
                   std::string(waiting_) + " within " + duration_text(waited_for_));
}

Error Connection::failure(Code code, std::string cause) const {
    return fail(code, "upstream " + shelf_.endpoint.host + ": " + std::move(cause));
}

Error Connection::closed(const char* when) {
    died_ = true;
    return failure(Code::upstream_failed, std::string("it closed the connection ") + when);
}

bool Connection::reusable() const noexcept {
    return finished_ && keep_alive_ && begin_ == end_ && !interrupted() && !died_ &&
           !wire_.has_buffered();
}

void Connection::rest() {
    timer_.cancel();
    deadline_ = SteadyTime::max();
    if (cancel_ != nullptr)
        cancel_->connection_ = nullptr;
    cancel_ = nullptr;
    // head_ stays: over a kilobyte, it would go through the slow half of malloc for every call.
    in_.release();
    pieces_.release();
    all_.release();
    begin_ = end_ = 0;
    last_full_ = false;
    if (std::exchange(fresh_tls_, false))
        if (auto session = wire_.take_session())
            shelf_.session = std::move(session);
}

bool Connection::still_open() {
    if (wire_.socket().quiet() && !wire_.has_buffered())
        return true;
    // News: the end, bytes nobody asked for, or a ticket of TLS.
    char unexpected = 0;
    auto step = wire_.receive(std::span<char>(&unexpected, 1));
    return step.status == Status::would_block && !step.want_write;
}

}  // namespace obliv::upstream
