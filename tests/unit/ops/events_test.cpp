#include "daemon/ops/events.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <future>
#include <unistd.h>

using namespace obliv;
using namespace obliv::ops;
using namespace std::chrono_literals;
using Kind = Event::Kind;

namespace {

/// Long enough for any machine; what is waited for has been sent before.
constexpr auto patience = 20'000ms;

}  // namespace

TEST_CASE("signals become events", "[ops]") {
    ProcessEvents events;
    CHECK(events.wait(0ms).kind == Kind::none);
    ::kill(::getpid(), SIGTERM);
    CHECK(events.wait(patience).kind == Kind::stop);
    ::kill(::getpid(), SIGHUP);
    auto reload = events.wait(patience);
    CHECK(reload.kind == Kind::reload);
    CHECK(!reload.answer);
    ::kill(::getpid(), SIGINT);
    CHECK(events.wait(patience).kind == Kind::stop);
    CHECK(events.wait(0ms).kind == Kind::none);
}

TEST_CASE("another thread may ask for a stop", "[ops]") {
    ProcessEvents events;
    auto asked = std::async(std::launch::async, [&] { events.request_stop(); });
    CHECK(events.wait(patience).kind == Kind::stop);
}

TEST_CASE("whoever asks for a reload gets its verdict", "[ops]") {
    ProcessEvents events;
    auto verdict = std::async(std::launch::async, [&] { return events.request_reload(); });
    auto event = events.wait(patience);
    REQUIRE(event.kind == Kind::reload);
    event.answer(fail(Code::config_invalid, "no"));
    auto outcome = verdict.get();
    REQUIRE(!outcome);
    CHECK(outcome.error().code == Code::config_invalid);
}

TEST_CASE("after the close nobody waits in vain", "[ops]") {
    ProcessEvents events;
    auto verdict = std::async(std::launch::async, [&] { return events.request_reload(); });
    // Whether the request comes before the close or after it, the answer is the same.
    events.close();
    auto outcome = verdict.get();
    REQUIRE(!outcome);
    CHECK(outcome.error().code == Code::unavailable);
}
