// A connection after its protocol was switched: two streams of bytes.

#include "core/base/check.hpp"
#include "daemon/server/connection.hpp"
#include "daemon/server/reply_head.hpp"

namespace obliv::server {
namespace {

constexpr std::size_t read_block = loop::BlockPool::capacity_of(16 * 1024);

}  // namespace

loop::Task<Result<void>> Connection::upgrade(std::span<const http::Header> headers) {
    check(!started_, "a reply is started once");
    started_ = upgraded_ = true;
    watching_ = false;  // what comes is for receive()
    status_ = 101;
    framing_ = Framing::none;
    keep_alive_ = false;
    deadline_ = SteadyTime::max();
    std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
    for (const auto& header : headers)
        head.append(header.name).append(": ").append(header.value).append("\r\n");
    head.append("x-request-id: ").append(request_id()).append("\r\n\r\n");
    auto sent = co_await send_raw(head);
    finished_ = true;  // as far as HTTP goes
    co_return sent;
}

loop::Task<Result<std::string_view>> Connection::receive() {
    // What came with the head, or has been read while nobody was listening.
    if (begin_ < end_) {
        auto bytes = input();
        begin_ = end_;
        co_return bytes;
    }
    in_.release();  // while nothing comes it owns no buffer
    begin_ = end_ = 0;
    while (may_go_on() && !client_gone_ && !deaf_) {
        if (!in_)
            in_ = hub_.loop.blocks().take(read_block);
        auto io = socket_.receive(std::span<char>(in_.data(), in_.capacity()));
        if (io.done())
            co_return std::string_view(in_.data(), io.bytes);
        in_.release();
        if (io.status != loop::Io::Status::would_block) {
            client_gone_ = true;
            break;
        }
        bool ready = co_await loop::readable(socket_);
        if (!ready)
            break;
    }
    co_return std::string_view();
}

loop::Task<Result<void>> Connection::send_raw(std::string_view bytes) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    auto sent = send(std::span<iovec>(&part, 1));
    if (sent == Sent::failed)
        co_return gone_error();
    if (sent == Sent::part)
        co_return co_await flush();
    co_return ok();
}

void Connection::stop_receiving() {
    deaf_ = true;
    socket_.interrupt();
}

}  // namespace obliv::server
