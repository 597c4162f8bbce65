#include "cli/output/interrupt.hpp"

#include "core/base/check.hpp"
#include "core/base/clock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace obliv::cli {
namespace {

// A signal handler reaches nothing but what is static.
std::atomic<bool> requested{false};
std::atomic<int> signal_number{0};
std::array<int, 2> wake_pipe{-1, -1};

extern "C" void on_signal(int number) {
    int saved = errno;
    signal_number.store(number);
    requested.store(true);
    char byte = 0;
    // Full is as good as written: somebody will wake up.
    (void)!::write(wake_pipe[1], &byte, 1);
    errno = saved;
}

}  // namespace

InterruptSource& InterruptSource::install() {
    static InterruptSource source;
    if (wake_pipe[0] >= 0)
        return source;
    int made = ::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK);
    check(made == 0, "a process can have one pipe");
    struct sigaction action {};
    action.sa_handler = &on_signal;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return source;
}

const std::atomic<bool>& InterruptSource::flag() const noexcept {
    return requested;
}

int InterruptSource::descriptor() const noexcept {
    return wake_pipe[0];
}

int InterruptSource::exit_code() const noexcept {
    return 128 + (signal_number.load() == 0 ? SIGINT : signal_number.load());
}

void InterruptSource::clear() noexcept {
    std::array<char, 64> bytes{};
    while (::read(wake_pipe[0], bytes.data(), bytes.size()) > 0) {
    }
    signal_number.store(0);
    requested.store(false);
}

Result<void> InterruptSource::sleep(std::chrono::milliseconds span) const {
    auto end = real_clock().steady() + span;
    while (!requested.load()) {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(end - real_clock().steady());
        if (left.count() <= 0)
            return ok();
        pollfd wake{wake_pipe[0], POLLIN, 0};
        (void)::poll(&wake, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    }
    return fail(Code::cancelled, "interrupted");
}

Result<void> InterruptSource::wait_readable(int descriptor) const {
    while (!requested.load()) {
        std::array<pollfd, 2> waits{pollfd{descriptor, POLLIN, 0}, pollfd{wake_pipe[0], POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), -1) > 0 && waits[0].revents != 0)
            return ok();
    }
    return fail(Code::cancelled, "interrupted");
}

}  // namespace obliv::cli
