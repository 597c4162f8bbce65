#include "daemon/ops/log_format.hpp"
#include "daemon/ops/notify.hpp"
#include "daemon/ops/passed_sockets.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace obliv;
using namespace obliv::ops;
using namespace std::chrono_literals;

namespace {

/// The other end of $NOTIFY_SOCKET.
class Manager {
public:
    Manager() {
        std::string name =
            (std::filesystem::temp_directory_path() / "obliv-notify-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        auto path = folder_ / "notify";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Manager() {
        ::unsetenv("NOTIFY_SOCKET");
        ::close(socket_);
        std::filesystem::remove_all(folder_);
    }
    std::string next() const {
        std::array<char, 4096> text{};
        auto got = ::recv(socket_, text.data(), text.size(), 0);
        return got < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(got));
    }

private:
    std::filesystem::path folder_;
    int socket_ = -1;
};

}  // namespace

TEST_CASE("each notification is one datagram of the protocol", "[ops]") {
    Manager manager;
    SystemdNotifier notifier;
    notifier.ready("up\nWATCHDOG=trigger");
    CHECK(manager.next() == "READY=1\nSTATUS=up WATCHDOG=trigger");
    notifier.reloading();
    auto reloading = manager.next();
    CHECK_THAT(reloading, Catch::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(std::stoll(reloading.substr(reloading.rfind('=') + 1)) > 0);
    notifier.stopping();
    CHECK(manager.next() == "STOPPING=1");
    notifier.extend_timeout(30s);
    CHECK(manager.next() == "EXTEND_TIMEOUT_USEC=30000000");
    notifier.watchdog_ping();
    CHECK(manager.next() == "WATCHDOG=1");
    notifier.watchdog_trigger();
    CHECK(manager.next() == "WATCHDOG=trigger");
    notifier.status("busy");
    CHECK(manager.next() == "STATUS=busy");
    CHECK(manager.next() == "");
}

TEST_CASE("the span of the watchdog counts for the process it names", "[ops]") {
    SystemdNotifier notifier;
    CHECK(!notifier.watchdog_span());
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    CHECK(notifier.watchdog_span() == 30s);
    ::setenv("WATCHDOG_PID", "1", 1);
    CHECK(!notifier.watchdog_span());
    ::unsetenv("WATCHDOG_PID");
    ::unsetenv("WATCHDOG_USEC");
}

TEST_CASE("without a manager no socket was passed", "[ops]") {
    ::unsetenv("LISTEN_FDS");
    auto sockets = passed_sockets();
    REQUIRE(sockets);
    CHECK(sockets->api.empty());
    CHECK(sockets->admin.empty());
    CHECK(sockets->metrics.empty());
}

TEST_CASE("the journal's format is for the journal's own descriptor", "[ops]") {
    struct stat status {};
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    REQUIRE(::fstat(ends[1], &status) == 0);
    auto stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    config::Environment environment;
    environment.variable = [&](const std::string&) { return stream; };
    using config::LogFormat;
    CHECK(log_format(LogFormat::automatic, environment, ends[1]) == log::Format::journal);
    CHECK(log_format(LogFormat::automatic, environment, 0) == log::Format::text);
    CHECK(log_format(LogFormat::json, environment, ends[1]) == log::Format::json);
    CHECK(log_format(LogFormat::text, environment, ends[1]) == log::Format::text);
    CHECK(log_format(LogFormat::journal, environment, 0) == log::Format::journal);
    ::close(ends[0]);
    ::close(ends[1]);
}
