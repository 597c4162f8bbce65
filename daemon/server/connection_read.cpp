#include "daemon/server/connection.hpp"

#include <algorithm>
#include <cstring>

namespace obliv::server {
namespace {

constexpr std::uint64_t endless = ~std::uint64_t{0};
constexpr std::size_t first_body_block = loop::BlockPool::capacity_of(16 * 1024);

Error too_large(std::uint64_t limit) {
    return fail(Code::payload_too_large,
                "the request body is over its limit of " + std::to_string(limit) + " bytes");
}

bool sane_request_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

}  // namespace

/// Waits for a request and parses its head. False when the connection is to be closed without a
/// word. The first bytes may be a long time coming: until they do the connection owns no buffer.
loop::Task<Result<bool>> Connection::next_head() {
    phase_ = Phase::idle;
    if (begin_ == end_) {
        if (hub_.draining && !fresh_)
            co_return false;
        wait_for_request();
        while (begin_ == end_) {
            in_.release();
            head_.reset();
            if (!may_go_on() || timed_out_)
                co_return false;
            bool ready = co_await loop::readable(socket_);
            if (!ready || !read_first())
                co_return false;
        }
    }
    fresh_ = false;
    arrived_ = hub_.loop.turn_began();
    phase_ = Phase::head;
    if (!head_)
        head_.reset(::new (loop::take_frame(sizeof(http::RequestHead))) http::RequestHead);
    for (;;) {
        auto parsed = http::parse_request_head(input(), hub_.limits.head, *head_);
        if (!parsed)
            co_return parsed.error();
        if (*parsed == http::Parse::complete)
            break;
        wait_until(arrived_ + hub_.limits.head_timeout);
        make_room_for_head();
        auto read = co_await more_in();
        if (!read)
            co_return read.error();
    }
    note_head();
    co_return true;
}

void Connection::wait_for_request() {
    auto patience = fresh_ ? hub_.limits.head_timeout : hub_.limits.idle_timeout;
    if (hub_.draining)
        patience = first_request_grace;
    begin_ = end_ = 0;
    wait_until(hub_.loop.turn_began() + patience);
}

/// Reads what has come, which may be nothing after all. False: the client has hung up.
bool Connection::read_first() {
    in_ = hub_.loop.blocks().take(loop::BlockPool::smallest);
    auto io = socket_.receive(std::span<char>(in_.data(), in_.capacity()));
    end_ = io.bytes;
    return io.done() || io.status == loop::Io::Status::would_block;
}

/// At least one more byte into `into`.
loop::Task<Result<void>> Connection::more(char* into, std::size_t size, std::size_t& got) {
    for (;;) {
        if (!may_go_on())
            co_return fail(Code::cancelled, "the connection is being closed");
        auto room = std::span<char>(into, size);
        auto io = socket_.receive(room);
        if (io.done()) {
            got = io.bytes;
            co_return ok();
        }
        if (io.status != loop::Io::Status::would_block) {
            client_gone_ = true;
            co_return fail(Code::cancelled, "the client hung up before its request was complete");
        }
        if (!timed_out_) {
            bool ready = co_await loop::readable(socket_);
            if (ready)
                continue;
        }
        if (timed_out_)
            co_return fail(Code::request_timeout, "the request did not arrive in time");
    }
}

loop::Task<Result<void>> Connection::more_in() {
    std::size_t got = 0;
    auto* into = in_.data() + end_;
    auto size = in_.capacity() - end_;
    auto read = co_await more(into, size, got);
    end_ += got;
    co_return read;
}

void Connection::make_room_for_head() {
    if (end_ < in_.capacity())
        return;
    auto bytes = input();
    if (begin_ > 0) {
        std::memmove(in_.data(), bytes.data(), bytes.size());
    } else {
        auto larger = hub_.loop.blocks().take(in_.capacity() * 2);
        std::memcpy(larger.data(), bytes.data(), bytes.size());
        in_ = std::move(larger);
    }
    begin_ = 0;
    end_ = bytes.size();
}

/// Keeps what is needed after the head has been given back.
void Connection::note_head() {
    begin_ += head_->size;
    keep_alive_ = head_->keep_alive;
    is_head_ = head_->method == "HEAD";
    http_1_0_ = head_->minor_version == 0;
    unread_ = head_->chunked ? endless : head_->content_length.value_or(0);
    choose_request_id();
}

void Connection::choose_request_id() {
    if (head_)
        if (auto given = head_->headers.find("x-request-id"); given && sane_request_id(*given)) {
            std::copy(given->begin(), given->end(), request_id_.begin());
            request_id_size_ = static_cast<std::uint8_t>(given->size());
            return;
        }
    // The form of new_sortable_id: 48 bits of milliseconds and 80 random ones. A system call for
    // random bytes would cost more than the rest of the parsing.
    constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    auto millis = static_cast<std::uint64_t>(unix_nanos(real_clock().wall()) / 1'000'000);
    for (std::size_t i = 10; i-- > 0; millis >>= 5)
        request_id_[i] = alphabet[millis & 31];
    for (std::size_t half = 0; half < 2; ++half) {
        auto bits = hub_.random.next();
        for (std::size_t i = 0; i < 8; ++i, bits >>= 5)
            request_id_[10 + half * 8 + i] = alphabet[bits & 31];
    }
    request_id_size_ = 26;
}

loop::Task<Result<std::string_view>> Connection::read_body() {
    // The usual request is small and comes in one piece: it costs neither a block nor a copy.
    if (unread_ <= std::min<std::uint64_t>(end_ - begin_, hub_.limits.body_bytes_max))
        co_return take_behind_head(static_cast<std::size_t>(unread_));
    phase_ = Phase::body;
    auto body = co_await take_body();
    phase_ = Phase::serving;
    deadline_ = SteadyTime::max();
    arm_timer();
    co_return body;
}

loop::Task<Result<std::string_view>> Connection::take_body() {
    if (unread_ != endless && unread_ > hub_.limits.body_bytes_max)
        co_return too_large(hub_.limits.body_bytes_max);
    auto length = static_cast<std::size_t>(unread_);
    bool small = unread_ != endless && length <= in_.capacity() - begin_;
    // Before it is sent: what there is no place for need not come.
    if (!small)
        if (auto begun = begin_body(); !begun)
            co_return begun.error();
    if (auto invited = invite_body(); !invited)
        co_return invited.error();
    if (small)
        co_return co_await read_behind_head(length);
    if (unread_ == endless)
        co_return co_await read_chunked();
    co_return co_await read_sized(length);
}

Result<void> Connection::begin_body() {
    body_ = std::make_unique<Body>(hub_.loop, hub_.bodies);
    if (unread_ == endless)
        return body_->begin(std::max(end_ - begin_, first_body_block), std::nullopt);
    auto length = static_cast<std::size_t>(unread_);
    return body_->begin(std::min(end_ - begin_, length), length);
}

/// Answers Expect: 100-continue, unless the client has not waited for it.
Result<void> Connection::invite_body() {
    if (!request().expect_continue || begin_ < end_)
        return ok();
    static constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
    auto io = socket_.send(line);
    if (io.bytes == line.size())
        return ok();
    return gone_error();
}

/// Each read may take the time-out, and all of them together as much once and what the bytes that
/// have come may take at the lowest rate: a body that drips in does not hold its connection for
/// long.
void Connection::wait_for_body(SteadyTime begun, std::size_t got) {
    const auto& limits = hub_.limits;
    auto at = hub_.loop.turn_began() + limits.body_timeout;
    if (limits.body_rate_min > 0) {
        auto fair = std::chrono::milliseconds(got * 1000 / limits.body_rate_min);
        at = std::min(at, begun + limits.body_timeout + fair);
    }
    wait_until(at);
}

std::string_view Connection::take_behind_head(std::size_t length) noexcept {
    auto body = input().substr(0, length);
    begin_ += length;
    unread_ = 0;
    return body;
}

loop::Task<Result<std::string_view>> Connection::read_behind_head(std::size_t length) {
    auto begun = hub_.loop.turn_began();
    while (end_ - begin_ < length) {
        wait_for_body(begun, end_ - begin_);
        auto read = co_await more_in();
        if (!read)
            co_return read.error();
    }
    co_return take_behind_head(length);
}

loop::Task<Result<std::string_view>> Connection::read_sized(std::size_t length) {
    auto begun = hub_.loop.turn_began();
    auto& body = *body_;
    auto first = input();
    begin_ = end_;
    unread_ = length - first.size();
    if (!first.empty())
        std::memcpy(body.room().data(), first.data(), first.size());
    body.add(first.size());
    while (body.size() < length) {
        if (body.room().empty()) {
            auto made = co_await body.make_room();
            if (!made)
                co_return made.error();
        }
        wait_for_body(begun, body.size());
        std::size_t got = 0;
        auto* into = body.room().data();
        auto room = std::min(body.room().size(), length - body.size());
        auto read = co_await more(into, room, got);
        body.add(got);
        unread_ = length - body.size();
        if (!read)
            co_return read.error();
    }
    if (!body.in_file())
        co_return body.in_memory();
    co_return co_await body.finish();
}

loop::Task<Result<std::string_view>> Connection::read_chunked() {
    http::ChunkedDecoder decoder;
    auto begun = hub_.loop.turn_began();
    auto& body = *body_;
    auto first = input();
    begin_ = end_;
    auto decoded = unchunk(decoder, first);
    while (true) {
        if (!decoded)
            co_return decoded.error();
        body.add(*decoded);
        if (decoder.done())
            break;
        if (body.room().size() < loop::BlockPool::smallest) {
            auto made = co_await body.make_room();
            if (!made)
                co_return made.error();
        }
        wait_for_body(begun, body.size());
        std::size_t got = 0;
        auto* into = body.room().data();
        auto room = body.room().size();
        auto read = co_await more(into, room, got);
        if (!read)
            co_return read.error();
        // Decoded where it lies: payload only moves towards the front.
        decoded = unchunk(decoder, std::string_view(into, got));
    }
    unread_ = 0;
    co_return co_await body.finish();
}

/// Puts the payload of `wire` where there is room for it, and tells how much that is.
Result<std::size_t> Connection::unchunk(http::ChunkedDecoder& decoder, std::string_view wire) {
    auto* into = body_->room().data();
    std::size_t size = 0;
    while (!wire.empty() && !decoder.done()) {
        auto step = decoder.next(wire);
        if (!step)
            return step.error();
        if (body_->size() + size + step->payload.size() > hub_.limits.body_bytes_max)
            return too_large(hub_.limits.body_bytes_max);
        if (!step->payload.empty())  // an empty view may point nowhere, which memmove must not see
            std::memmove(into + size, step->payload.data(), step->payload.size());
        size += step->payload.size();
        wire.remove_prefix(step->consumed);
    }
    if (wire.empty())
        return size;
    // The next request came along. When it does not fit behind the head it is dropped, and the
    // connection closed after the reply, which tells its sender to send it again.
    if (wire.size() > in_.capacity() - end_) {
        keep_alive_ = false;
    } else {
        std::memmove(in_.data() + end_, wire.data(), wire.size());
        end_ += wire.size();
    }
    return size;
}

void Connection::release_request() {
    body_.reset();
    head_.reset();
    if (begin_ == end_) {
        in_.release();
        begin_ = end_ = 0;
    }
}

}  // namespace obliv::server
