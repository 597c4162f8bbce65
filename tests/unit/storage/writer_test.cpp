#include "tests/unit/storage/store.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

using namespace obliv;
using namespace obliv::storage;
using test::must;
using test::sample_call;
using test::TestStore;

namespace {

/// Remembers what became durable, and lets a test wait for it (at most half a minute).
class Listener final : public CommitListener {
public:
    void committed(std::span<const Appended> calls) noexcept override {
        std::lock_guard lock(mutex_);
        for (const auto& each : calls)
            tags_.push_back(each.tag);
        groups_ += 1;
        changed_.notify_all();
    }
    bool wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(30),
                                 [&] { return tags_.size() >= count; });
    }
    std::vector<std::uint64_t> tags() {
        std::lock_guard lock(mutex_);
        return tags_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::uint64_t> tags_;
    int groups_ = 0;
};

Result<void> add_account(Session& session, const std::string& name) {
    Account account;
    account.tenant = first_tenant;
    account.name = name;
    auto id = session.accounts().insert(account);
    return id ? ok() : Result<void>(id.error());
}

/// Waits for another thread to get somewhere; half a minute is never.
template <typename Done>
bool eventually(Done done) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::yield();
    }
    return true;
}

std::size_t accounts(TestStore& store) {
    return must(store.read([](Session& s) { return s.accounts().all(); })).size();
}

std::size_t calls(TestStore& store) {
    return must(store.read([](Session& s) {
               return s.usage().page({}, {0, 1000, false});
           }))
        .rows.size();
}

/// Fails at one step as long as it is told to.
struct Fault {
    std::atomic<WriteStep> step{WriteStep::begin};
    std::atomic<bool> on{false};
    std::atomic<int> hits{0};
    Result<void> operator()(WriteStep at) {
        if (!on || at != step)
            return ok();
        ++hits;
        return fail(Code::io, "the disk is on fire");
    }
};

WriterOptions faulty(std::shared_ptr<Fault> fault) {
    WriterOptions options;
    options.retry_first = options.retry_last = std::chrono::milliseconds(1);
    options.fault = [fault](WriteStep step) { return (*fault)(step); };
    return options;
}

}  // namespace

TEST_CASE("a write that fails undoes only itself", "[storage]") {
    TestStore store;
    auto before = accounts(store);
    auto bad = store.write([](Session& s) -> Result<void> {
        must(add_account(s, "half"));
        return fail(Code::invalid_request, "changed my mind");
    });
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message == "changed my mind");
    must(store.write([](Session& s) { return add_account(s, "whole"); }));
    CHECK(accounts(store) == before + 1);
}

TEST_CASE("many threads write at once and each gets its own answer", "[storage]") {
    TestStore store;
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 5; ++i) {
                // Every name is asked for by two threads.
                auto name = std::to_string(t / 2) + "-" + std::to_string(i);
                if (store.write([&](Session& s) { return add_account(s, name); }))
                    ++good;
            }
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(good == 20);
    CHECK(accounts(store) == 24);
}

TEST_CASE("appended calls are stored in order and their listener is told", "[storage]") {
    TestStore store;
    Listener listener;
    for (std::int64_t id = 1; id <= 1500; ++id)
        must(store.database->writer().append(sample_call(id, admin_account),
                                             static_cast<std::uint64_t>(id) + 7, listener,
                                             Urgency::grouped));
    REQUIRE(listener.wait_for(1500));
    auto tags = listener.tags();
    CHECK(tags.size() == 1500);
    CHECK(std::is_sorted(tags.begin(), tags.end()));
    CHECK(tags.front() == 8);
    CHECK(calls(store) == 1000);
    auto stats = store.database->writer().stats();
    CHECK(stats.calls_stored == 1500);
    CHECK(stats.calls_queued == 0);
    // Fewer transactions than calls: that is what a group is.
    CHECK(stats.groups < 100);
}

TEST_CASE("stopping stores what is queued", "[storage]") {
    WriterOptions slow;
    slow.commit_window = std::chrono::hours(1);
    TestStore store(slow);
    Listener listener;
    must(store.database->writer().append(sample_call(1, admin_account), 1, listener,
                                         Urgency::grouped));
    store.reopen();
    CHECK(listener.tags().size() == 1);
    CHECK(calls(store) == 1);
}

TEST_CASE("somebody who waits ends the window", "[storage]") {
    WriterOptions slow;
    slow.commit_window = std::chrono::hours(1);
    TestStore store(slow);
    Listener listener;
    auto& writer = store.database->writer();
    must(writer.append(sample_call(1, admin_account), 1, listener, Urgency::grouped));
    must(writer.append(sample_call(2, admin_account), 2, listener, Urgency::waiting));
    REQUIRE(listener.wait_for(2));
    must(writer.append(sample_call(3, admin_account), 3, listener, Urgency::grouped));
    must(store.write([](Session& s) { return add_account(s, "x"); }));
    CHECK(listener.tags().size() == 3);
}

TEST_CASE("while calls keep coming the writer looks for them by itself", "[storage]") {
    WriterOptions slow;
    slow.commit_window = std::chrono::hours(1);
    TestStore store(slow);
    Listener listener;
    auto& writer = store.database->writer();
    must(writer.append(sample_call(1, admin_account), 1, listener, Urgency::grouped));
    must(writer.append(sample_call(2, admin_account), 2, listener, Urgency::waiting));
    REQUIRE(listener.wait_for(2));
    auto wakes = writer.stats().wakes;
    must(writer.append(sample_call(3, admin_account), 3, listener, Urgency::grouped));
    CHECK(writer.stats().wakes == wakes);
    must(store.write([](Session& s) { return add_account(s, "x"); }));
    CHECK(listener.tags().size() == 3);
}

TEST_CASE("no call is forgotten, whenever it comes", "[storage]") {
    WriterOptions quick;
    quick.commit_window = std::chrono::milliseconds(1);
    TestStore store(quick);
    Listener listener;
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    std::int64_t id = 0;
    // Groups of one call and of more, one after the other and into a window that has begun.
    for (int round = 0; round < 100; ++round) {
        for (auto count = random() % 4; count > 0; --count)
            must(store.database->writer().append(sample_call(++id, admin_account), 0, listener,
                                                 Urgency::grouped));
        if (random() % 2 == 0)
            REQUIRE(listener.wait_for(static_cast<std::size_t>(id)));
    }
    REQUIRE(listener.wait_for(static_cast<std::size_t>(id)));
    CHECK(calls(store) == static_cast<std::size_t>(id));
}

TEST_CASE("a full queue refuses at once, and nothing queued is lost", "[storage]") {
    WriterOptions small;
    small.calls_max = 3;
    small.commit_window = std::chrono::hours(1);
    TestStore store(small);
    Listener listener;
    auto& writer = store.database->writer();
    for (std::int64_t id = 1; id <= 3; ++id)
        must(writer.append(sample_call(id, admin_account), 0, listener, Urgency::grouped));
    CHECK_FALSE(writer.accepting());
    auto refused = writer.append(sample_call(4, admin_account), 0, listener, Urgency::grouped);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::overloaded);
    must(store.write([](Session& s) { return add_account(s, "x"); }));
    REQUIRE(listener.wait_for(3));
    CHECK(writer.accepting());
    CHECK(calls(store) == 3);
}

TEST_CASE("calls survive every kind of failed group, once", "[storage]") {
    for (auto step :
         {WriteStep::begin, WriteStep::append, WriteStep::commit, WriteStep::committed}) {
        CAPTURE(static_cast<int>(step));
        auto fault = std::make_shared<Fault>();
        TestStore store(faulty(fault));
        auto& writer = store.database->writer();
        Listener listener;
        fault->step = step;
        fault->on = true;
        for (std::int64_t id = 1; id <= 20; ++id)
            must(writer.append(sample_call(id, admin_account), 1, listener, Urgency::waiting));
        REQUIRE(eventually([&] { return fault->hits >= 3; }));
        CHECK_FALSE(writer.accepting());
        auto stats = writer.stats();
        CHECK(stats.failing);
        CHECK(stats.last_error == "the disk is on fire");
        CHECK(stats.calls_queued == 20);
        CHECK(listener.tags().empty());
        auto refused = store.write([](Session& s) { return add_account(s, "x"); });
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Code::unavailable);
        fault->on = false;
        REQUIRE(listener.wait_for(20));
        CHECK(calls(store) == 20);
        must(store.write([](Session& s) { return add_account(s, "x"); }));
        CHECK(writer.accepting());
    }
}

TEST_CASE("a write whose group fails is told so, and leaves nothing", "[storage]") {
    auto fault = std::make_shared<Fault>();
    TestStore store(faulty(fault));
    auto before = accounts(store);
    fault->step = WriteStep::commit;
    fault->on = true;
    auto done = store.write([](Session& s) { return add_account(s, "x"); });
    REQUIRE_FALSE(done);
    CHECK(done.error().message == "the disk is on fire");
    CHECK(accounts(store) == before);
    fault->on = false;
    // With nothing queued a probe finds out that the disk works again.
    REQUIRE(eventually([&] { return store.database->writer().accepting(); }));
    must(store.write([](Session& s) { return add_account(s, "x"); }));
    CHECK(accounts(store) == before + 1);
}

TEST_CASE("a full disk refuses new work and drops no call", "[storage]") {
    TestStore store;
    store.close();
    store.options.pages_max = 120;
    store.options.writer.retry_first = store.options.writer.retry_last =
        std::chrono::milliseconds(1);
    store.open();
    Listener listener;
    std::int64_t id = 0;
    auto& writer = store.database->writer();
    while (writer.accepting() && id < 20'000) {
        for (int i = 0; i < 100; ++i)
            must(writer.append(sample_call(++id, admin_account), 0, listener, Urgency::waiting));
        REQUIRE(
            eventually([&] { return !writer.accepting() || writer.stats().calls_queued == 0; }));
    }
    REQUIRE(id < 20'000);
    CHECK(writer.stats().last_error.find("full") != std::string::npos);
    auto stored = listener.tags().size();
    CHECK(stored < static_cast<std::size_t>(id));
    CHECK(stored + writer.stats().calls_queued == static_cast<std::size_t>(id));
    auto done = store.write([](Session& s) { return add_account(s, "x"); });
    REQUIRE_FALSE(done);
    store.close();
    store.options.pages_max = 0;
    store.open();
    auto newest = must(store.read([](Session& s) { return s.ledger().newest_id(); }));
    CHECK(newest == static_cast<std::int64_t>(stored));
    CHECK(must(store.read([](Session& s) { return s.ledger().verify(); })).ok());
}

TEST_CASE("the chore runs after calls were stored, until it has nothing left", "[storage]") {
    WriterOptions quick;
    quick.chore_interval = std::chrono::milliseconds(1);
    TestStore store(quick);
    Listener listener;
    std::atomic<int> runs{0};
    store.database->writer().set_chore([&](Session&) -> Result<bool> { return ++runs < 3; });
    must(store.database->writer().append(sample_call(1, admin_account), 0, listener,
                                         Urgency::waiting));
    REQUIRE(eventually([&] { return runs >= 3; }));
    must(store.write([](Session& s) { return add_account(s, "x"); }));
    CHECK(runs == 3);
}

TEST_CASE("after stop nothing is taken on", "[storage]") {
    TestStore store;
    Listener listener;
    auto& writer = store.database->writer();
    writer.stop();
    writer.stop();
    CHECK_FALSE(writer.accepting());
    auto job = store.write([](Session& s) { return add_account(s, "x"); });
    REQUIRE_FALSE(job);
    CHECK(job.error().code == Code::unavailable);
    auto call = writer.append(sample_call(1, admin_account), 0, listener, Urgency::grouped);
    REQUIRE_FALSE(call);
    CHECK(call.error().code == Code::unavailable);
}
