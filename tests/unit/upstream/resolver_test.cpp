#include "daemon/upstream/resolver.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/timer_wheel.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

using namespace obliv;
using namespace obliv::upstream;
using namespace std::chrono_literals;

namespace {

/// A name server that does not answer for hosts that begin with `stuck` until it is let go.
class SlowNames {
public:
    ~SlowNames() { let_go(); }

    std::vector<Address> operator()(const std::string& host, std::string& error) {
        std::unique_lock lock(mutex_);
        asked_.push_back(host);
        changed_.notify_all();
        if (host.starts_with("stuck"))
            changed_.wait_for(lock, 10s, [this] { return free_; });
        error = "no such name";
        return {};
    }
    void let_go() {
        std::lock_guard lock(mutex_);
        free_ = true;
        changed_.notify_all();
    }
    bool wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s, [&] { return asked_.size() >= count; });
    }
    bool was_asked(const std::string& host) {
        std::lock_guard lock(mutex_);
        return std::find(asked_.begin(), asked_.end(), host) != asked_.end();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> asked_;
    bool free_ = false;
};

/// False: ten seconds were not enough.
bool wait(loop::Loop& loop, Resolver::Answer& answer) {
    answer.on_done = [&loop] { loop.stop(); };
    loop::Timer end(
        loop.timers(), [](void* self) { static_cast<loop::Loop*>(self)->stop(); }, &loop);
    end.arm(loop.now() + 10s);
    if (!answer.done)
        loop.run();
    return answer.done;
}

}  // namespace

TEST_CASE("names of callers that are never answered keep no provider waiting", "[upstream]") {
    loop::Loop loop{0};
    SlowNames names;
    Resolver resolver([&](const std::string& host, std::uint16_t, std::string& error) {
        return names(host, error);
    });
    using enum Resolver::Whose;
    auto first = resolver.look_up(loop, "stuck-1", 80, callers);
    auto second = resolver.look_up(loop, "stuck-2", 80, callers);
    REQUIRE(names.wait_for(2));
    auto third = resolver.look_up(loop, "stuck-3", 80, callers);
    auto provider = resolver.look_up(loop, "provider", 443, operators);
    CHECK(wait(loop, *provider));
    CHECK(provider->error == "no such name");
    CHECK_FALSE(names.was_asked("stuck-3"));
    names.let_go();
}

TEST_CASE("a name that nobody waits for any more is not looked up", "[upstream]") {
    loop::Loop loop{0};
    SlowNames names;
    Resolver resolver([&](const std::string& host, std::uint16_t, std::string& error) {
        return names(host, error);
    });
    using enum Resolver::Whose;
    auto first = resolver.look_up(loop, "stuck-1", 80, callers);
    auto second = resolver.look_up(loop, "stuck-2", 80, callers);
    REQUIRE(names.wait_for(2));
    resolver.look_up(loop, "left", 80, callers);
    auto last = resolver.look_up(loop, "last", 80, callers);
    names.let_go();
    CHECK(wait(loop, *last));
    CHECK(names.was_asked("last"));
    CHECK_FALSE(names.was_asked("left"));
}
