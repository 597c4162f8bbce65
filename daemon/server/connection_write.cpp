#include "daemon/server/connection.hpp"
#include "daemon/server/reply_head.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace obliv::server {
namespace {

// Pieces of payload in one system call; a read of an upstream has at most half as many.
constexpr std::size_t pieces_max = 512;

iovec part_of(std::string_view bytes) noexcept {
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

bool may_have_body(int status) noexcept {
    return status != 204 && status != 304;
}

}  // namespace

void Connection::start(int status, std::string_view content_type,
                       std::span<const http::Header> headers, std::optional<std::uint64_t> length) {
    check(!started_, "a reply is started once");
    started_ = true;
    status_ = status;
    ReplyHead head{status, content_type, headers, request_id()};
    if (!may_have_body(status)) {
        framing_ = Framing::none;
    } else if (length) {
        framing_ = Framing::length;
        length_left_ = *length;
        head.length = length;
    } else if (http_1_0_) {
        framing_ = Framing::close;
    } else {
        framing_ = Framing::chunked;
        head.chunked = true;
    }
    if (hub_.draining || stopping_ || body_left() || framing_ == Framing::close)
        keep_alive_ = false;
    head.close = !keep_alive_;
    head_text_ = reply_head_text(head);
    if (http_1_0_ && keep_alive_)
        head_text_.insert(head_text_.size() - 2, "connection: keep-alive\r\n");
    if (is_head_)
        framing_ = Framing::none;
}

Error Connection::gone_error() {
    client_gone_ = true;
    return fail(Code::cancelled, "the client has gone");
}

/// One system call. What it leaves over is copied, because the caller's bytes are lent.
Connection::Sent Connection::send(std::span<iovec> parts) {
    if (!may_go_on() || client_gone_)
        return Sent::failed;
    auto io = socket_.send(parts);
    if (io.status == loop::Io::Status::failed)
        return Sent::failed;
    spoke_at_ = hub_.loop.turn_began();
    bytes_sent_ += io.bytes;
    std::size_t left = 0;
    for (const auto& part : parts)
        left += part.iov_len;
    left -= io.bytes;
    if (left == 0)
        return Sent::all;
    unsent_ = std::make_unique<Unsent>();
    unsent_->block = hub_.loop.blocks().take(left);
    auto& end = unsent_->end;
    auto skip = io.bytes;
    for (const auto& part : parts) {
        auto gone = std::min(skip, part.iov_len);
        skip -= gone;
        if (gone == part.iov_len)
            continue;
        std::memcpy(unsent_->block.data() + end, static_cast<char*>(part.iov_base) + gone,
                    part.iov_len - gone);
        end += part.iov_len - gone;
    }
    return Sent::part;
}

/// Head (if it has not left yet), payload in its framing and the end of the reply together: how
/// many parts that makes. `line` is where one of them lies.
std::size_t Connection::frame(std::span<const std::string_view> payload, bool last, Frame& parts,
                              SizeLine& line) {
    std::size_t count = 0;
    std::size_t size = 0;
    for (auto piece : payload)
        size += piece.size();
    if (!head_text_.empty())
        parts[count++] = part_of(head_text_);
    bool framed = framing_ == Framing::chunked && size > 0;
    if (framed)
        parts[count++] = part_of(http::chunk_size_line(size, line));
    if (framing_ != Framing::none)
        for (auto piece : payload)
            if (!piece.empty())
                parts[count++] = part_of(piece);
    static constexpr std::string_view end_of_chunk_and_all = "\r\n0\r\n\r\n";
    if (framed)
        parts[count++] = part_of(last ? end_of_chunk_and_all : http::chunk_end);
    else if (last && framing_ == Framing::chunked)
        parts[count++] = part_of(http::last_chunk);
    if (framing_ == Framing::length)
        length_left_ -= size;
    return count;
}

Connection::Sent Connection::send_payload(std::span<const std::string_view> payload, bool last) {
    Frame parts;
    SizeLine line;
    auto count = frame(payload, last, parts, line);
    if (count == 0)
        return Sent::all;
    auto sent = send(std::span<iovec>(parts.data(), count));
    std::string().swap(head_text_);  // gives the memory back, which an assignment would keep
    return sent;
}

/// Nobody waits for a beat to leave: one that finds no room is left out, and who has no room for
/// all of its few bytes has not read for long.
void Connection::beat(SteadyTime now) {
    if (!started_)
        pulse_->begin(pulse_owner_);
    spoke_at_ = now;
    Frame parts;
    SizeLine line;
    auto count = frame(std::span(&pulse_->beat, 1), false, parts, line);
    std::size_t size = 0;
    for (const auto& part : std::span(parts.data(), count))
        size += part.iov_len;
    auto io = socket_.send(std::span<iovec>(parts.data(), count));
    if (io.status == loop::Io::Status::would_block && io.bytes == 0)
        return;
    bytes_sent_ += io.bytes;
    head_text_ = std::string();
    if (io.bytes == size)
        return;
    client_gone_ = true;
    socket_.interrupt();
    say_gone();
}

/// Waits until what could not be sent at once has left.
loop::Task<Result<void>> Connection::flush() {
    phase_ = Phase::flushing;
    while (!unsent_->bytes().empty()) {
        wait_until(hub_.loop.turn_began() + hub_.limits.write_timeout);
        bool ready = co_await loop::writable(socket_);
        if (timed_out_ || client_gone_ || !ready || !may_go_on())
            break;
        auto io = socket_.send(unsent_->bytes());
        if (io.status == loop::Io::Status::failed)
            break;
        unsent_->begin += io.bytes;
        bytes_sent_ += io.bytes;
    }
    phase_ = Phase::serving;
    deadline_ = SteadyTime::max();
    arm_timer();
    bool all = unsent_->bytes().empty();
    unsent_.reset();
    if (all)
        co_return ok();
    co_return gone_error();
}

/// What is left to do when that much of something has been sent.
loop::Task<Result<void>> Connection::complete(Sent sent) {
    if (sent == Sent::part)
        return flush();
    return loop::ended(sent == Sent::all ? ok() : Result<void>(gone_error()));
}

loop::Task<Result<void>> Connection::write(Pieces payload) {
    auto pieces = payload.view();
    if (pieces.empty())
        return loop::ended(ok());
    if (pieces.size() > pieces_max)
        return write_many(payload);
    return complete(send_payload(pieces, false));
}

/// More than fits one system call.
loop::Task<Result<void>> Connection::write_many(Pieces payload) {
    auto pieces = payload.view();
    while (!pieces.empty()) {
        auto group = pieces.first(std::min(pieces.size(), pieces_max));
        pieces = pieces.subspan(group.size());
        auto sent = send_payload(group, false);
        if (sent == Sent::failed)
            co_return gone_error();
        if (sent == Sent::part) {
            auto flushed = co_await flush();
            if (!flushed)
                co_return flushed.error();
        }
    }
    co_return ok();
}

loop::Task<Result<void>> Connection::write_framed(std::string_view chunks) {
    if (framing_ == Framing::chunked) {
        std::array<iovec, 2> parts{part_of(head_text_), part_of(chunks)};
        auto sent = send(parts);
        std::string().swap(head_text_);
        return complete(sent);
    }
    return write_unframed(chunks);
}

/// For a client that cannot read chunks: takes the framing off.
loop::Task<Result<void>> Connection::write_unframed(std::string_view chunks) {
    http::ChunkedDecoder decoder;
    while (!chunks.empty()) {
        auto step = decoder.next(chunks);
        if (!step)
            co_return step.error();
        chunks.remove_prefix(step->consumed);
        auto payload = step->payload;
        auto written = co_await write(payload);
        if (!written)
            co_return written.error();
    }
    co_return ok();
}

loop::Task<Result<void>> Connection::finish(Pieces payload) {
    auto pieces = payload.view();
    if (pieces.size() > pieces_max)
        return finish_many(payload);
    auto sent = send_payload(pieces, true);
    if (sent == Sent::part)
        return finish_rest();
    if (sent == Sent::all)
        note_finish();
    return complete(sent);
}

/// More than fits one system call.
loop::Task<Result<void>> Connection::finish_many(Pieces payload) {
    auto pieces = payload.view();
    auto first = pieces.first(pieces.size() - pieces_max);
    auto written = co_await write(first);
    if (!written)
        co_return written.error();
    auto last = pieces.last(pieces_max);
    co_return co_await finish(last);
}

/// Waits until the last of the reply has left.
loop::Task<Result<void>> Connection::finish_rest() {
    auto flushed = co_await flush();
    if (flushed)
        note_finish();
    co_return flushed;
}

void Connection::note_finish() noexcept {
    finished_ = true;
    if (framing_ == Framing::length && length_left_ != 0)
        keep_alive_ = false;  // the client still waits for bytes that were promised
}

loop::Task<Result<void>> Connection::reply(int status, std::string_view content_type,
                                           std::span<const http::Header> headers,
                                           std::string_view body) {
    start(status, content_type, headers, body.size());
    return finish(body);
}

}  // namespace obliv::server
