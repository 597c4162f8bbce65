#include "tests/bench/open_loop.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <vector>

namespace obliv::bench {
namespace {

// The last answers may take this long after the last call.
constexpr std::int64_t grace_ns = 5'000'000'000;

struct Lane {
    int socket = -1;
    bool ready = false;  ///< connected
    bool busy = false;
    std::int64_t planned = 0;
    ReplyEnd reply;
};

class OpenLoop {
public:
    OpenLoop(const Target& target, const RatePlan& plan)
        : target_(target), plan_(plan), lanes_(static_cast<std::size_t>(plan.connections)),
          total_(static_cast<std::int64_t>(plan.rate * plan.seconds)) {
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        watch(timer_, EPOLLIN, timer_tag);
        for (std::size_t i = 0; i < lanes_.size(); ++i) {
            lanes_[i].socket = open_connection(target_);
            watch(lanes_[i].socket, EPOLLIN | EPOLLOUT | EPOLLET, i);
        }
        latencies_.reserve(static_cast<std::size_t>(total_));
    }
    ~OpenLoop() {
        for (auto& lane : lanes_)
            ::close(lane.socket);
        ::close(timer_);
        ::close(epoll_);
    }
    OpenLoop(const OpenLoop&) = delete;
    OpenLoop& operator=(const OpenLoop&) = delete;

    void run() {
        connect_all();
        start_ = now_ns() + 1'000'000;
        auto last = start_ + static_cast<std::int64_t>(plan_.seconds * 1e9) + grace_ns;
        arm();
        while (done_ < total_) {
            if (now_ns() > last)
                give_up("calls unanswered: " + std::to_string(total_ - done_));
            wait(100);
        }
        report();
    }

private:
    static constexpr std::uint64_t timer_tag = ~std::uint64_t{0};

    void watch(int descriptor, std::uint32_t events, std::uint64_t tag) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = tag;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0)
            give_up("epoll_ctl failed");
    }

    void connect_all() {
        auto end = now_ns() + grace_ns;
        while (free_.size() < lanes_.size()) {
            if (now_ns() > end)
                give_up("not all connections were accepted");
            wait(100);
        }
    }

    std::int64_t planned_at(std::int64_t index) const {
        return start_ + static_cast<std::int64_t>(static_cast<double>(index) * 1e9 / plan_.rate);
    }

    void arm() {
        if (next_ >= total_)
            return;
        auto at = planned_at(next_);
        itimerspec when{};
        when.it_value.tv_sec = at / 1'000'000'000;
        when.it_value.tv_nsec = at % 1'000'000'000;
        ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
    }

    void wait(int timeout_ms) {
        std::array<epoll_event, 64> events{};
        int count =
            ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
        for (int i = 0; i < count; ++i) {
            auto& event = events[static_cast<std::size_t>(i)];
            if (event.data.u64 == timer_tag)
                send_due();
            else
                on_socket(static_cast<std::size_t>(event.data.u64), event.events);
        }
    }

    void send_due() {
        std::uint64_t expired = 0;
        (void)!::read(timer_, &expired, sizeof expired);
        for (auto now = now_ns(); next_ < total_ && planned_at(next_) <= now; ++next_)
            queue_.push_back(planned_at(next_));
        arm();
        send_queued();
    }

    void send_queued() {
        while (!queue_.empty() && !free_.empty()) {
            auto& lane = lanes_[free_.back()];
            free_.pop_back();
            lane.busy = true;
            lane.planned = queue_.front();
            queue_.pop_front();
            late_.push_back(now_ns() - lane.planned);
            auto sent =
                ::send(lane.socket, target_.request.data(), target_.request.size(), MSG_NOSIGNAL);
            if (sent != static_cast<ssize_t>(target_.request.size()))
                give_up("a request could not be sent at once");
        }
    }

    void on_socket(std::size_t index, std::uint32_t events) {
        auto& lane = lanes_[index];
        if ((events & EPOLLOUT) != 0 && !lane.ready) {
            lane.ready = true;
            free_.push_back(index);
        }
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
            receive(index);
    }

    void receive(std::size_t index) {
        auto& lane = lanes_[index];
        for (;;) {
            auto count = ::recv(lane.socket, buffer_.data(), buffer_.size(), 0);
            if (count < 0 && errno == EAGAIN)
                return;
            if (count <= 0)
                give_up("the server closed a connection");
            if (!lane.busy)
                give_up("a reply that nobody asked for");
            if (lane.reply.feed({buffer_.data(), static_cast<std::size_t>(count)}))
                finish(index);
            if (static_cast<std::size_t>(count) < buffer_.size())
                return;
        }
    }

    void finish(std::size_t index) {
        auto& lane = lanes_[index];
        latencies_.push_back(now_ns() - lane.planned);
        errors_ += lane.reply.status() != 200;
        lane.reply.reset();
        lane.busy = false;
        ++done_;
        free_.push_back(index);
        send_queued();
    }

    void report() {
        auto seconds = static_cast<double>(now_ns() - start_) / 1e9;
        std::printf("{\"calls\":%lld,\"errors\":%lld,\"seconds\":%.6f,\"p50_us\":%.1f,"
                    "\"p99_us\":%.1f,\"late_p99_us\":%.1f}\n",
                    static_cast<long long>(done_), static_cast<long long>(errors_), seconds,
                    static_cast<double>(quantile(latencies_, 0.5)) / 1e3,
                    static_cast<double>(quantile(latencies_, 0.99)) / 1e3,
                    static_cast<double>(quantile(late_, 0.99)) / 1e3);
    }

    const Target& target_;
    RatePlan plan_;
    std::vector<Lane> lanes_;
    std::int64_t total_;
    int epoll_ = -1;
    int timer_ = -1;
    std::int64_t start_ = 0;
    std::int64_t next_ = 0;
    std::int64_t done_ = 0;
    std::int64_t errors_ = 0;
    std::deque<std::int64_t> queue_;  ///< planned times of calls without a connection
    std::vector<std::size_t> free_;   ///< last in, first out: few connections stay warm
    std::vector<std::int64_t> latencies_;
    std::vector<std::int64_t> late_;
    std::array<char, 65536> buffer_{};
};

}  // namespace

void run_open_loop(const Target& target, const RatePlan& plan) {
    OpenLoop(target, plan).run();
}

}  // namespace obliv::bench
