#include "tests/bench/streams.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace obliv::bench {
namespace {

// Connections that are opened before the earlier ones have a chunk: below any listen queue.
constexpr std::size_t opening_max = 128;
constexpr std::int64_t open_ns_max = 60'000'000'000;

struct Stream {
    int socket = -1;
    bool asked = false;
    bool started = false;  ///< has had a chunk
    bool closed = false;
    StreamEnd end;
};

class Streams {
public:
    Streams(const Target& target, std::size_t count) : target_(target), streams_(count) {
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        watch(STDIN_FILENO, EPOLLIN, stdin_tag);
    }
    ~Streams() {
        for (auto& stream : streams_)
            if (stream.socket >= 0)
                ::close(stream.socket);
        ::close(epoll_);
    }
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;

    void run() {
        auto end = now_ns() + open_ns_max;
        while (started_ < streams_.size() && !stop_) {
            if (now_ns() > end)
                give_up("streams without a chunk: " + std::to_string(streams_.size() - started_));
            open_some();
            wait();
        }
        report();
        while (!stop_)
            wait();
    }

private:
    static constexpr std::uint64_t stdin_tag = ~std::uint64_t{0};

    void watch(int descriptor, std::uint32_t events, std::uint64_t tag) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = tag;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0)
            give_up("epoll_ctl failed");
    }

    void open_some() {
        while (opened_ < streams_.size() && opened_ - started_ < opening_max) {
            auto& stream = streams_[opened_];
            stream.socket = open_connection(target_);
            watch(stream.socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, opened_);
            ++opened_;
        }
    }

    void wait() {
        std::array<epoll_event, 256> events{};
        int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
        auto now = now_ns();
        for (int i = 0; i < count; ++i) {
            auto& event = events[static_cast<std::size_t>(i)];
            if (event.data.u64 == stdin_tag)
                on_stdin();
            else
                on_stream(streams_[static_cast<std::size_t>(event.data.u64)], event.events, now);
        }
    }

    void on_stdin() {
        std::array<char, 64> line{};
        if (::read(STDIN_FILENO, line.data(), line.size()) <= 0)
            stop_ = true;
        else
            report();
    }

    void on_stream(Stream& stream, std::uint32_t events, std::int64_t now) {
        if (stream.closed)
            return;
        if ((events & EPOLLOUT) != 0 && !stream.asked) {
            stream.asked = true;
            auto size = target_.request.size();
            if (::send(stream.socket, target_.request.data(), size, MSG_NOSIGNAL) !=
                static_cast<ssize_t>(size))
                give_up("a request could not be sent at once");
        }
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
            read(stream, now, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }

    /// A short read means that nothing is left, unless the peer has closed: nothing would tell us
    /// again.
    void read(Stream& stream, std::int64_t now, bool to_the_end) {
        for (;;) {
            auto count = ::recv(stream.socket, buffer_.data(), buffer_.size(), 0);
            if (count < 0 && errno == EAGAIN)
                return;
            if (count <= 0)
                return close(stream);
            auto before = stream.end.chunks();
            stream.end.feed({buffer_.data(), static_cast<std::size_t>(count)}, now, delays_);
            chunks_ += stream.end.chunks() - before;
            if (!stream.started && stream.end.chunks() > 0) {
                stream.started = true;
                ++started_;
            }
            if (stream.end.failed())
                give_up("a stream was refused");
            if (!to_the_end && static_cast<std::size_t>(count) < buffer_.size())
                return;
        }
    }

    void close(Stream& stream) {
        ::close(stream.socket);
        stream.socket = -1;
        stream.closed = true;
        ++(stream.end.ended() ? ended_ : broken_);
    }

    void report() {
        std::printf("{\"streams\":%zu,\"ended\":%zu,\"broken\":%zu,\"chunks\":%lld,"
                    "\"delay_p50_us\":%.1f,\"delay_p99_us\":%.1f}\n",
                    started_, ended_, broken_, static_cast<long long>(chunks_),
                    static_cast<double>(quantile(delays_, 0.5)) / 1e3,
                    static_cast<double>(quantile(delays_, 0.99)) / 1e3);
        std::fflush(stdout);
        delays_.clear();
    }

    const Target& target_;
    std::vector<Stream> streams_;
    int epoll_ = -1;
    std::size_t opened_ = 0;
    std::size_t started_ = 0;
    std::size_t ended_ = 0;
    std::size_t broken_ = 0;
    std::int64_t chunks_ = 0;
    bool stop_ = false;
    std::vector<std::int64_t> delays_;
    std::array<char, 65536> buffer_{};
};

}  // namespace

void run_streams(const Target& target, std::size_t count) {
    Streams(target, count).run();
}

}  // namespace obliv::bench
