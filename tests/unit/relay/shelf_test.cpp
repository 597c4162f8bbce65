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
    /// The usage row of a call, as its charge brings it.
    void charge(const std::string& request_id, llm::UsageSource source) {
        auto call = test::sample_call(++calls, storage::admin_account);
        call.request_id = request_id;
        call.source = source;
        call.time = clock.wall();
        const storage::Call* rows[] = {&call};
        must(database->write(
            [&](storage::Session& session) { return session.ledger().append(rows); }));
    }

    test::TempFolder folder;
    test::FakeClock clock;
    std::unique_ptr<storage::Database> database =
        must(storage::Database::open({folder.file("oblivd.db")}));
    loop::BlockingPool workers{"test", 1, 16};
    Shelf first{*database, workers, "run-1", clock};
    Shelf second{*database, workers, "run-2", clock};
    std::int64_t calls = 0;
};

Sha256 key(int number) {
    return *repeat_key(1, "/v1/x", std::to_string(number));
}

}  // namespace

TEST_CASE("a reply outlives the run that kept it, for a day", "[relay]") {
    TwoRuns runs;
    CHECK_FALSE(must(runs.first.begin(key(1), "r1")));
    std::string sound("a\0b\xff", 4);
    must(runs.first.keep(key(1), "r1", {"audio/mpeg", sound, sha256("asked")}));
    auto found = must(runs.second.begin(key(1), "r2"));
    REQUIRE(found);
    CHECK(found->body == sound);
    CHECK(found->content_type == "audio/mpeg");
    CHECK(found->request == sha256("asked"));
    CHECK_FALSE(must(runs.second.begin(key(2), "r3")));
    runs.clock.advance(24h);
    CHECK_FALSE(must(runs.second.begin(key(1), "r4")));
}

TEST_CASE("a call that an earlier run charged without keeping its reply is not made again",
          "[relay]") {
    TwoRuns runs;
    CHECK_FALSE(must(runs.first.begin(key(1), "charged")));
    CHECK_FALSE(must(runs.first.begin(key(2), "free")));
    CHECK_FALSE(must(runs.first.begin(key(3), "unheard")));
    runs.charge("charged", llm::UsageSource::provider);
    runs.charge("free", llm::UsageSource::none);
    auto again = runs.second.begin(key(1), "r2");
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Code::conflict);
    CHECK_FALSE(must(runs.second.begin(key(2), "r3")));
    CHECK_FALSE(must(runs.second.begin(key(3), "r4")));
}

TEST_CASE("a call that failed is forgotten, and no other with it", "[relay]") {
    TwoRuns runs;
    CHECK_FALSE(must(runs.first.begin(key(1), "failed")));
    runs.charge("failed", llm::UsageSource::partial);
    // The run that saw it fail makes it again at once.
    CHECK_FALSE(must(runs.first.begin(key(1), "again")));
    runs.first.forget(key(1), "failed");
    runs.workers.stop();
    runs.charge("again", llm::UsageSource::provider);
    CHECK_FALSE(runs.second.begin(key(1), "r2"));
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
    for (int number : {1, 2})
        CHECK(must(runs.second.begin(key(number), "again"))->body == "words");
    CHECK(repeats.begin(key(1), {}).reply);
}

TEST_CASE("the oldest kept replies go when there are too many", "[relay]") {
    TwoRuns runs;
    must(runs.database->write([&](storage::Session& session) -> Result<void> {
        for (int number = 0; number < 10; ++number) {
            storage::RepeatRow row;
            row.key = key(number);
            row.time = from_unix_nanos(number);
            row.body = std::string(1000, 'x');
            must(session.repeats().put(row));
        }
        return session.repeats().sweep(from_unix_nanos(2), 5000);
    }));
    auto there = [&](int number) {
        return must(runs.database->read([&](storage::Session& session) {
                   return session.repeats().find(key(number));
               }))
            .has_value();
    };
    CHECK_FALSE(there(1));
    CHECK_FALSE(there(6));
    CHECK(there(7));
    CHECK(there(9));
}
