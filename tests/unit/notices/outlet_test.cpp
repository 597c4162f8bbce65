#include "daemon/notices/outlet.hpp"

#include <catch2/catch.hpp>
#include <latch>
#include <vector>

using namespace obliv;
using namespace obliv::notices;
using namespace std::chrono_literals;

namespace {

Notice notice(std::string id) {
    Notice out;
    out.id = std::move(id);
    out.title = out.id;
    return out;
}

Patience patience(int attempts) {
    return {attempts, 1ms, 2ms, 3};
}

/// A receiver that refuses so many times, and lets a test wait for what it got.
struct Receiver {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> tried;
    int refusals = 0;

    Result<void> take(const Notice& notice) {
        std::lock_guard lock(mutex);
        tried.push_back(notice.id);
        changed.notify_all();
        if (refusals-- > 0)
            return fail(Code::unavailable, "not now");
        return ok();
    }
    bool wait_tries(std::size_t count) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 20s, [&] { return tried.size() >= count; });
    }
};

Outlet::Deliver to(Receiver& receiver) {
    return [&receiver](const Notice& notice) { return receiver.take(notice); };
}

}  // namespace

TEST_CASE("a notice is tried until it is taken", "[notices]") {
    Receiver receiver;
    receiver.refusals = 3;
    Outlet outlet("test", to(receiver), patience(10));
    outlet.put(notice("a"));
    REQUIRE(receiver.wait_tries(4));
    outlet.stop();
    CHECK(receiver.tried == std::vector<std::string>{"a", "a", "a", "a"});
    auto stats = outlet.stats();
    CHECK(stats.delivered == 1);
    CHECK(stats.failures == 3);
    CHECK(stats.lost == 0);
    CHECK(stats.waiting == 0);
}

TEST_CASE("a notice that nobody takes is given up and counted", "[notices]") {
    Receiver receiver;
    receiver.refusals = 1000;
    Outlet outlet("test", to(receiver), patience(2));
    outlet.put(notice("a"));
    REQUIRE(receiver.wait_tries(2));
    outlet.stop();
    CHECK(receiver.tried.size() == 2);
    CHECK(outlet.stats().lost == 1);
}

TEST_CASE("a notice that waits for its repeat holds up no other", "[notices]") {
    Receiver receiver;
    receiver.refusals = 1;
    Patience slow{10, 1h, 1h, 10};
    Outlet outlet("test", to(receiver), slow);
    outlet.put(notice("a"));
    REQUIRE(receiver.wait_tries(1));
    outlet.put(notice("b"));
    REQUIRE(receiver.wait_tries(2));
    CHECK(receiver.tried.back() == "b");
    // What still waits at the end is lost, and counted.
    outlet.stop();
    CHECK(outlet.stats().lost == 1);
    outlet.put(notice("c"));
    CHECK(outlet.stats().lost == 2);
}

TEST_CASE("a full queue refuses instead of growing", "[notices]") {
    std::latch inside(1);
    std::latch go(1);
    Outlet outlet(
        "test",
        [&](const Notice& each) -> Result<void> {
            if (each.id == "first") {
                inside.count_down();
                go.wait();
            }
            return ok();
        },
        patience(1));
    outlet.put(notice("first"));
    inside.wait();
    for (int i = 0; i < 5; ++i)
        outlet.put(notice(std::to_string(i)));
    CHECK(outlet.stats().waiting == 3);
    CHECK(outlet.stats().lost == 2);
    go.count_down();
    outlet.stop();
}
