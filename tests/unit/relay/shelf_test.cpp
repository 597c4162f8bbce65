#include "daemon/relay/shelf.hpp"

#include "core/loop/run_blocking.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::relay;
using namespace std::chrono_literals;
using test::must;

namespace {

/// A store that outlives the runs of the program.
struct TwoRuns {
    /// A call of an account, which came a while after the one before it.
    Maker call(std::string_view request_id, AccountId account = storage::admin_account) {
        clock.advance(1ms);
        return {account, clock.wall(), request_id};
    }
    void charge(const Maker& maker, std::int64_t cost = 5) {
        auto call = test::sample_call(++calls, maker.account, {}, cost);
        call.request_id = std::string(maker.request_id);
        call.time = maker.time;
        const storage::Call* rows[] = {&call};
        must(database->write(
            [&](storage::Session& session) { return session.ledger().append(rows); }));
    }

    test::TempFolder folder;
    test::FakeClock clock;
    std::unique_ptr<storage::Database> database =
        must(storage::Database::open({folder.file("oblivd.db")}));
    loop::BlockingPool workers{"test", 1, 16};
    std::int64_t calls = 0;
    Shelf first = run("run-1");

    Shelf run(const std::string& name) {
        return {*database, workers, name, [this] { return ChargeId{calls + 1}; }, clock};
    }
};

Sha256 key(int number) {
    return *repeat_key(1, "/v1/x", std::to_string(number));
}

}  // namespace

TEST_CASE("a reply outlives the run that kept it, for a day", "[relay]") {
    TwoRuns runs;
    auto made = runs.call("r1");
    CHECK_FALSE(must(runs.first.begin(key(1), made)));
    std::string sound("a\0b\xff", 4);
    must(runs.first.keep(key(1), "r1", {"audio/mpeg", sound, sha256("asked")}));
    auto second = runs.run("run-2");
    auto found = must(second.begin(key(1), runs.call("r2")));
    REQUIRE(found);
    CHECK(found->body == sound);
    CHECK(found->content_type == "audio/mpeg");
    CHECK(found->request == sha256("asked"));
    CHECK_FALSE(must(second.begin(key(2), runs.call("r3"))));
    runs.clock.advance(24h);
    CHECK_FALSE(must(second.begin(key(1), runs.call("r4"))));
}

TEST_CASE("a call that an earlier run charged without keeping its reply is not made again",
          "[relay]") {
    TwoRuns runs;
    auto charged = runs.call("charged");
    auto free = runs.call("free");
    CHECK_FALSE(must(runs.first.begin(key(1), charged)));
    CHECK_FALSE(must(runs.first.begin(key(2), free)));
    CHECK_FALSE(must(runs.first.begin(key(3), runs.call("unheard"))));
    runs.charge(charged);
    runs.charge(free, 0);
    auto second = runs.run("run-2");
    auto again = second.begin(key(1), runs.call("r2"));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Code::conflict);
    CHECK(again.error().message.find("charged as charged") != std::string::npos);
    CHECK_FALSE(must(second.begin(key(2), runs.call("r3"))));
    CHECK_FALSE(must(second.begin(key(3), runs.call("r4"))));
}

TEST_CASE("what a client names its requests proves no charge", "[relay]") {
    TwoRuns runs;
    runs.charge(runs.call("same"));
    auto lost = runs.call("same");
    CHECK_FALSE(must(runs.first.begin(key(1), lost)));
    runs.charge(runs.call("same"));
    // Not that of the account, though it came in the same moment.
    runs.charge({AccountId{lost.account.value + 1}, lost.time, "same"});
    auto second = runs.run("run-2");
    CHECK_FALSE(must(second.begin(key(1), runs.call("same"))));
    // A charge of this run is none of an earlier one.
    auto third = runs.run("run-3");
    runs.charge({lost.account, runs.clock.wall(), "same"});
    CHECK_FALSE(must(third.begin(key(1), runs.call("same"))));
}

TEST_CASE("a call that failed is forgotten, and no other with it", "[relay]") {
    TwoRuns runs;
    auto failed = runs.call("same");
    CHECK_FALSE(must(runs.first.begin(key(1), failed)));
    runs.charge(failed);
    // The run that saw it fail makes it again at once.
    auto again = runs.call("same");
    CHECK_FALSE(must(runs.first.begin(key(1), again)));
    runs.first.forget(key(1), failed);
    runs.workers.stop();
    runs.charge(again);
    CHECK_FALSE(runs.run("run-2").begin(key(1), runs.call("r2")));
}

TEST_CASE("what the disk did not take is written when it does", "[relay]") {
    TwoRuns runs;
    Repeats repeats;
    for (int number : {1, 2}) {
        repeats.begin(key(number), {});
        auto reply = std::make_shared<const KeptReply>(KeptReply{"text/plain", "words", {}});
        repeats.end_unwritten({key(number), "r" + std::to_string(number), reply}, {});
    }
    runs.first.catch_up(repeats);
    runs.workers.stop();
    CHECK_FALSE(repeats.next_unwritten());
    auto second = runs.run("run-2");
    for (int number : {1, 2})
        CHECK(must(second.begin(key(number), runs.call("again")))->body == "words");
    CHECK(repeats.begin(key(1), {}).reply);
}

TEST_CASE("the oldest kept replies go when there are too many", "[relay]") {
    TwoRuns runs;
    auto start = runs.clock.wall();
    must(runs.database->write([&](storage::Session& session) -> Result<void> {
        for (int number = 0; number < 10; ++number) {
            storage::RepeatRow row;
            row.key = key(number);
            row.request_id = "r" + std::to_string(number);
            row.time = start + std::chrono::nanoseconds(number);
            row.whole = true;
            row.request = sha256(std::to_string(number));
            row.body = std::string(1000, 'x');
            must(session.repeats().put(row));
        }
        return session.repeats().sweep(start + std::chrono::nanoseconds(2), 5000);
    }));
    auto found = [&](int number) {
        return must(runs.database->read(
            [&](storage::Session& session) { return session.repeats().find(key(number)); }));
    };
    CHECK_FALSE(found(1));
    // That they were made is known for their day.
    REQUIRE(found(6));
    CHECK_FALSE(found(6)->whole);
    CHECK(found(6)->body.empty());
    CHECK(found(7)->body.size() == 1000);
    CHECK(found(9)->whole);
    auto again = must(runs.first.begin(key(6), runs.call("again")));
    REQUIRE(again);
    CHECK(again->charged_as == "r6");
    CHECK(again->request == sha256("6"));
    runs.clock.advance(24h);
    CHECK_FALSE(must(runs.first.begin(key(6), runs.call("again"))));
}

TEST_CASE("a call whose reply was too long is not made again for a day", "[relay]") {
    TwoRuns runs;
    CHECK_FALSE(must(runs.first.begin(key(1), runs.call("r1"))));
    must(runs.first.keep(key(1), "r1", {"", "", sha256("asked"), "r1"}));
    // By the run that made it, too.
    for (const auto* run : {"run-1", "run-2"}) {
        auto shelf = runs.run(run);
        auto again = must(shelf.begin(key(1), runs.call("r2")));
        REQUIRE(again);
        CHECK(again->charged_as == "r1");
        CHECK(again->request == sha256("asked"));
    }
}

TEST_CASE("no call with a key is made that could not be known again", "[relay]") {
    TwoRuns runs;
    Shelf small{*runs.database, runs.workers, "run", [] { return ChargeId{1}; },
                runs.clock,     {2000, 3000}};
    int made = 0;
    for (int number = 0; number < 20; ++number) {
        auto id = "r" + std::to_string(number);
        if (!small.begin(key(number), runs.call(id)))
            break;
        must(small.keep(key(number), id, {"", std::string(800, 'x'), {}}));
        ++made;
    }
    CHECK(made > 1);
    CHECK(made < 20);
    CHECK(small.begin(key(100), runs.call("r")).error().code == Code::overloaded);
    // What is known already is not forgotten for that.
    for (int number = 0; number < made; ++number)
        CHECK(must(small.begin(key(number), runs.call("again"))));
    runs.clock.advance(24h);
    CHECK(small.begin(key(100), runs.call("r")));
}
