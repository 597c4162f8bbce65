#include "daemon/app/health_checks.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::daemon;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{24h};
const CheckSettings settings{5min, 10s, 10s, 30min};

}  // namespace

TEST_CASE("an idle dead channel is out of use within five minutes", "[app]") {
    channels::Health health;
    CheckPlan plan(start, settings, 0.999);
    auto now = start;
    while (!health.down() && now < start + 10min) {
        if (plan.due(health, settings, now)) {
            now += 10s;  // each waits for an answer that never comes
            plan.done(health, "refused", settings, now);
        }
        now += 1s;
    }
    CHECK(now <= start + 5min);
    // It is asked again after half an hour, and not before.
    CHECK(!plan.due(health, settings, now + 29min));
    CHECK(plan.due(health, settings, now + 31min));
    plan.done(health, "", settings, now + 31min);
    CHECK(!health.down());
}

TEST_CASE("two failed checks disable nothing", "[app]") {
    channels::Health health;
    CheckPlan plan(start, settings, 0);
    auto now = start;
    for (int i = 0; i < 2; ++i) {
        REQUIRE(plan.due(health, settings, now));
        plan.done(health, "refused", settings, now);
        CHECK(!plan.due(health, settings, now + 9s));
        now += 10s;
    }
    plan.done(health, "", settings, now);
    CHECK(!health.down());
    CHECK(!plan.due(health, settings, now + 4min));
    CHECK(plan.due(health, settings, now + 5min));
}

TEST_CASE("a channel that serves calls is not asked", "[app]") {
    channels::Health health;
    CheckPlan plan(start, settings, 0);
    health.begin(start);
    health.succeeded(nullptr, start);
    CHECK(!plan.due(health, settings, start + 1min));
    CHECK(!plan.due(health, settings, start + 244s));
    CHECK(plan.due(health, settings, start + 5min));
}
