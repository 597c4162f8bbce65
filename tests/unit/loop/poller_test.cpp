#include "core/loop/poller.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace obliv;
using namespace obliv::loop;
using namespace std::chrono_literals;

namespace {

struct Ends {
    std::array<int, 2> ends{-1, -1};

    Ends() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
    Ends(const Ends&) = delete;
    Ends& operator=(const Ends&) = delete;
    ~Ends() {
        for (int end : ends)
            ::close(end);
    }
};

void count_call(void* count) {
    ++*static_cast<int*>(count);
}

void look(Poller& poller) {
    poller.wait(0ns);
    poller.dispatch();
}

}  // namespace

TEST_CASE("a wake before the wait ends it, once", "[loop]") {
    Poller poller;
    poller.wake();
    poller.wake();
    poller.wait(std::chrono::nanoseconds::max());  // would never return
    poller.dispatch();
    std::thread other([&poller] { poller.wake(); });
    poller.wait(std::chrono::nanoseconds::max());
    poller.dispatch();
    other.join();
    look(poller);
    poller.wait(1ns);
    poller.dispatch();
}

TEST_CASE("what the kernel cannot watch is refused", "[loop]") {
    Poller poller;
    CHECK(poller.add(-1) == nullptr);
    Ends pair;
    auto* watch = poller.add(pair.ends[0]);
    REQUIRE(watch != nullptr);
    CHECK(poller.add(pair.ends[0]) == nullptr);  // it is watched already
    poller.remove(watch, true);
    look(poller);
    watch = poller.add(pair.ends[0]);
    REQUIRE(watch != nullptr);
    poller.remove(watch, true);
    look(poller);
}

TEST_CASE("many watches have news at once, and are used again", "[loop]") {
    Poller poller;
    for (int round = 0; round < 3; ++round) {
        constexpr std::size_t many = 300;  // more than one batch, and more than are kept
        std::vector<Ends> pairs(many);
        std::vector<Watch*> watches;
        int calls = 0;
        for (auto& pair : pairs) {
            auto* watch = poller.add(pair.ends[0]);
            REQUIRE(watch != nullptr);
            CHECK_FALSE((watch->readable || watch->writable || watch->hung_up || watch->closed));
            watch->hook = count_call;
            watch->owner = &calls;
            watches.push_back(watch);
        }
        for (int i = 0; i < 4; ++i)
            look(poller);
        CHECK(calls == static_cast<int>(many));
        for (auto* watch : watches) {
            CHECK(watch->writable);
            CHECK_FALSE(watch->readable);
            poller.remove(watch, true);
        }
        for (auto& pair : pairs)
            CHECK(::write(pair.ends[1], "x", 1) == 1);
        look(poller);
        CHECK(calls == static_cast<int>(many));
    }
}

TEST_CASE("a shared descriptor is no longer watched although its copy is open", "[loop]") {
    Poller poller;
    Ends pair;
    int copy = ::dup(pair.ends[0]);
    int calls = 0;
    auto* watch = poller.add(pair.ends[0]);
    REQUIRE(watch != nullptr);
    watch->hook = count_call;
    watch->owner = &calls;
    poller.remove(watch, true);
    ::close(std::exchange(pair.ends[0], -1));
    look(poller);  // the watch is gone: news would be told to freed memory
    CHECK(::write(pair.ends[1], "x", 1) == 1);
    look(poller);
    CHECK(calls == 0);
    ::close(copy);
}
