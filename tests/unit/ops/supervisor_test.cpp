#include "daemon/ops/supervisor.hpp"

#include "tests/support/fake_clock.hpp"

#include <catch2/catch.hpp>
#include <deque>

using namespace obliv;
using namespace obliv::ops;
using namespace std::chrono_literals;

namespace {

/// Everything that happened, in order, as words.
using Diary = std::vector<std::string>;

class FakeService final : public Service {
public:
    explicit FakeService(Diary& diary) : diary_(diary) {}
    Result<void> start() override {
        diary_.push_back("start");
        if (!start_works)
            return fail(Code::conflict, "address in use");
        return ok();
    }
    Result<ReloadReport> reload(const config::Config&) override {
        diary_.push_back("reload");
        if (!reload_works)
            return fail(Code::config_invalid, "no such certificate\nsecond line");
        return ReloadReport{};
    }
    void drain() override { diary_.push_back("drain"); }
    bool drained() const override { return drained_after-- <= 0; }
    void stop() override { diary_.push_back("stop"); }
    Status status() const override { return {in_flight, 1, 0}; }
    bool healthy() override { return is_healthy; }

    bool start_works = true;
    bool reload_works = true;
    bool is_healthy = true;
    mutable int drained_after = 0;
    std::int64_t in_flight = 0;

private:
    Diary& diary_;
};

class FakeNotifier final : public Notifier {
public:
    explicit FakeNotifier(Diary& diary) : diary_(diary) {}
    void ready(std::string_view status) override { note("READY ", status); }
    void reloading() override { note("RELOADING"); }
    void stopping() override { note("STOPPING"); }
    void status(std::string_view text) override { note("STATUS ", text); }
    void extend_timeout(std::chrono::milliseconds) override { note("EXTEND"); }
    void watchdog_ping() override { note("PING"); }
    void watchdog_trigger() override { note("TRIGGER"); }
    std::optional<std::chrono::milliseconds> watchdog_span() const override { return span; }

    std::optional<std::chrono::milliseconds> span;

private:
    void note(std::string what, std::string_view more = {}) { diary_.push_back(what.append(more)); }
    Diary& diary_;
};

/// Plays a script, one step a wait; each wait takes the whole time it may. Past its end: stop.
class FakeEvents final : public Events {
public:
    FakeEvents(test::FakeClock& clock, std::deque<Event> script)
        : clock_(clock), script_(std::move(script)) {}
    Event wait(std::chrono::milliseconds at_most) override {
        if (script_.empty()) {
            clock_.advance(at_most);
            return always_stop ? Event{Event::Kind::stop} : Event{};
        }
        auto event = script_.front();
        script_.pop_front();
        if (event.kind == Event::Kind::none)
            clock_.advance(at_most);
        return event;
    }
    void close() noexcept override { closed = true; }
    bool closed = false;
    bool always_stop = true;

private:
    test::FakeClock& clock_;
    std::deque<Event> script_;
};

struct Bench {
    test::FakeClock clock;
    Diary diary;
    FakeService service{diary};
    FakeNotifier notifier{diary};
    config::Config next;
    bool loads = true;

    Result<void> run(FakeEvents& events, const config::Config& config = {}) {
        log::set_level(log::Level::err);
        Supervisor::Parts parts{service, notifier, events, clock,
                                [this]() -> Result<config::Config> {
                                    if (!loads)
                                        return fail(Code::config_invalid, "f.toml:1:1: broken");
                                    return next;
                                }};
        Supervisor supervisor(std::move(parts), config);
        return supervisor.run();
    }
    std::size_t count(const std::string& what) const {
        std::size_t n = 0;
        for (const auto& line : diary)
            n += line == what ? 1U : 0U;
        return n;
    }
};

const Event nothing{};
const Event stop{Event::Kind::stop};
const Event hang_up{Event::Kind::reload};
const std::string idle = "READY 0 requests in flight, channels: 1 up, 0 down";

}  // namespace

TEST_CASE("ready is told after the start and stopping before the end", "[ops]") {
    Bench bench;
    FakeEvents events(bench.clock, {stop});
    CHECK(bench.run(events));
    CHECK(bench.diary == Diary{"start", idle, "STOPPING", "drain", "EXTEND", "stop"});
    CHECK(events.closed);
}

TEST_CASE("a start that fails is never ready", "[ops]") {
    Bench bench;
    bench.service.start_works = false;
    FakeEvents events(bench.clock, {});
    auto done = bench.run(events);
    REQUIRE(!done);
    CHECK(done.error().code == Code::conflict);
    CHECK(bench.diary == Diary{"start"});
}

TEST_CASE("a reload is told before and after and answers who asked", "[ops]") {
    Bench bench;
    bench.next.server.threads = 7;
    bench.next.log.level = log::Level::warning;
    std::vector<ReloadVerdict> verdicts;
    Event asked{Event::Kind::reload,
                [&](ReloadVerdict verdict) { verdicts.push_back(std::move(verdict)); }};
    FakeEvents events(bench.clock, {asked, hang_up, stop});
    CHECK(bench.run(events));
    CHECK(Diary(bench.diary.begin(), bench.diary.begin() + 8) ==
          Diary{"start", idle, "RELOADING", "reload", idle, "RELOADING", "reload", idle});
    REQUIRE(verdicts.size() == 1);
    REQUIRE(verdicts[0]);
    CHECK(verdicts[0]->needs_restart == std::vector<std::string>{"server.threads"});
    CHECK(log::level() == log::Level::warning);
}

TEST_CASE("a file that cannot be used changes nothing and stands in the status", "[ops]") {
    Bench bench;
    bench.loads = false;
    bench.next.log.level = log::Level::debug;
    FakeEvents events(bench.clock, {hang_up, stop});
    CHECK(bench.run(events));
    CHECK(bench.count("reload") == 0);
    CHECK(bench.count(idle + "; last reload failed, old settings stay: f.toml:1:1: broken") == 1);
    CHECK(log::level() == log::Level::err);
}

TEST_CASE("a reload that the service refuses keeps the old settings", "[ops]") {
    Bench bench;
    bench.service.reload_works = false;
    bench.next.log.level = log::Level::debug;
    FakeEvents events(bench.clock, {hang_up, stop});
    CHECK(bench.run(events));
    CHECK(bench.count(idle + "; last reload failed, old settings stay: no such certificate") == 1);
    CHECK(log::level() == log::Level::err);
}

TEST_CASE("a stop waits for open streams and asks for more time meanwhile", "[ops]") {
    Bench bench;
    bench.service.drained_after = 120;  // asked every 100 ms
    FakeEvents events(bench.clock, {stop});
    events.always_stop = false;
    auto before = bench.clock.steady();
    CHECK(bench.run(events));
    CHECK(bench.clock.steady() - before == 12s);
    CHECK(bench.count("EXTEND") == 4);  // at 0, 5 and 10 s, and for the end
}

TEST_CASE("a stop waits no longer than drain_timeout", "[ops]") {
    Bench bench;
    bench.service.drained_after = 1'000'000;
    FakeEvents events(bench.clock, {stop});
    events.always_stop = false;
    config::Config config;
    config.server.drain_timeout = 2s;
    auto before = bench.clock.steady();
    CHECK(bench.run(events, config));
    CHECK(bench.clock.steady() - before == 2s);
    CHECK(bench.diary.back() == "stop");
}

TEST_CASE("a second stop does not wait", "[ops]") {
    Bench bench;
    bench.service.drained_after = 1'000'000;
    FakeEvents events(bench.clock, {stop, nothing, stop});
    auto before = bench.clock.steady();
    CHECK(bench.run(events));
    CHECK(bench.clock.steady() - before == 100ms);
    CHECK(bench.diary.back() == "stop");
}

TEST_CASE("a reload during a stop is refused", "[ops]") {
    Bench bench;
    bench.service.drained_after = 1'000'000;
    std::vector<ReloadVerdict> verdicts;
    Event asked{Event::Kind::reload,
                [&](ReloadVerdict verdict) { verdicts.push_back(std::move(verdict)); }};
    FakeEvents events(bench.clock, {stop, asked, stop});
    CHECK(bench.run(events));
    REQUIRE(verdicts.size() == 1);
    REQUIRE(!verdicts[0]);
    CHECK(verdicts[0].error().code == Code::unavailable);
    CHECK(bench.count("reload") == 0);
}

TEST_CASE("the watchdog is pinged at half its span, while draining too", "[ops]") {
    Bench bench;
    bench.notifier.span = 2s;
    FakeEvents events(bench.clock, {nothing, nothing, nothing, nothing, stop});
    CHECK(bench.run(events));
    auto pings = bench.count("PING");
    CHECK(pings >= 3);
    CHECK(pings <= 4);

    Bench slow;
    slow.notifier.span = 2s;
    slow.service.drained_after = 100;
    FakeEvents stops(slow.clock, {stop});
    stops.always_stop = false;
    CHECK(slow.run(stops));
    CHECK(slow.count("PING") == 10);
}

TEST_CASE("without a watchdog nobody is pinged", "[ops]") {
    Bench bench;
    FakeEvents events(bench.clock, {nothing, nothing, stop});
    CHECK(bench.run(events));
    CHECK(bench.count("PING") == 0);
}

TEST_CASE("a deadlock is told at the second look, a short stall never", "[ops]") {
    Bench bench;
    bench.notifier.span = 2s;
    bench.service.is_healthy = false;
    FakeEvents one(bench.clock, {nothing, stop});
    CHECK(bench.run(one));
    CHECK(bench.count("PING") == 0);
    CHECK(bench.count("TRIGGER") == 0);
    FakeEvents two(bench.clock, {nothing, nothing, nothing, stop});
    CHECK(bench.run(two));
    CHECK(bench.count("TRIGGER") >= 1);
}

TEST_CASE("the status is told when it changed and only then", "[ops]") {
    Bench bench;
    FakeEvents same(bench.clock, {nothing, nothing, nothing, stop});
    CHECK(bench.run(same));
    CHECK(bench.count("STATUS 0 requests in flight, channels: 1 up, 0 down") == 0);

    bench.diary.clear();
    Event busy{Event::Kind::reload, [&](const ReloadVerdict&) { bench.service.in_flight = 3; }};
    FakeEvents changed(bench.clock, {busy, nothing, nothing, nothing, stop});
    CHECK(bench.run(changed));
    CHECK(bench.count("STATUS 3 requests in flight, channels: 1 up, 0 down") == 1);
}
