// Reserved and settled calls a second with every sync on: through the intent ring and the group
// commit, as fast as they go and at a fixed rate, and the same calls as one transaction each.
// Prints all, with how long a call waits until the disk has it; judges none.
//
//     ledger_bench [FOLDER] [SECONDS] [RATE]
//
// The folder has to lie on the disk that is to be measured.

#include "daemon/billing/till.hpp"
#include "tests/support/calls.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace obliv;
using test::must;
using Steady = std::chrono::steady_clock;

namespace {

struct Bench {
    storage::Options store;
    billing::BooksOptions books;
    std::chrono::seconds span{3};
    std::int64_t rate = 20'000;  ///< calls a second of the part with a fixed rate
};

double seconds_since(Steady::time_point begin) {
    return std::chrono::duration<double>(Steady::now() - begin).count();
}

storage::Call typical_call(std::int64_t id) {
    auto call = test::sample_call(id, storage::admin_account);
    call.request_id = "01KARTM6P0V8W5TQZ4J2N7" + std::to_string(100'000 + id);
    call.model = "gpt-4o-mini";
    call.model_served = "gpt-4o-mini-2024-07-18";
    call.user_agent = "OpenAI/JS 4.77.0";
    call.usage.input = 512;
    call.usage.output = 128;
    return call;
}

/// How long calls waited for the disk.
class Waits {
public:
    void note(std::span<const storage::Appended> calls) {
        auto now = real_clock().wall();
        for (const auto& each : calls)
            micros_.push_back((now - each.call.time).count() / 1000);
    }
    double quantile_ms(double share) {
        if (micros_.empty())
            return 0;
        auto at = static_cast<std::size_t>(share * static_cast<double>(micros_.size() - 1));
        std::nth_element(micros_.begin(), micros_.begin() + static_cast<std::ptrdiff_t>(at),
                         micros_.end());
        return static_cast<double>(micros_[at]) / 1000;
    }

private:
    std::vector<std::int64_t> micros_;  // the writer thread's until it has ended
};

/// Books over the store, and a till that reserves and settles.
class Shop {
public:
    explicit Shop(const Bench& bench)
        : database_(must(storage::Database::open(bench.store))),
          books_(must(billing::Books::open(*database_, bench.books))),
          till_(*books_, 0,
                [this](std::span<const storage::Appended> calls) { waits_.note(calls); }) {
        ask_.account = storage::admin_account;
        ask_.model = "gpt-4o-mini";
        ask_.at_most.input = 600;
        ask_.at_most.output = 1000;
    }
    ~Shop() { database_->writer().stop(); }

    /// False: the ring is full, the disk is the limit.
    bool pair() {
        auto hold = till_.reserve(ask_);
        if (!hold)
            return false;
        auto call = typical_call(++settled_);
        call.time = real_clock().wall();
        must(till_.charge(std::move(*hold), std::move(call)));
        return true;
    }
    void report(const char* what, Steady::time_point begin) {
        database_->writer().stop();
        auto took = seconds_since(begin);
        auto stats = database_->writer().stats();
        std::printf("%-17s %10.0f pairs/s  (%llu in %.2f s, %llu transactions; wait for the disk "
                    "p50 %.1f ms, p99 %.1f ms)\n",
                    what, static_cast<double>(stats.calls_stored) / took,
                    static_cast<unsigned long long>(stats.calls_stored), took,
                    static_cast<unsigned long long>(stats.groups), waits_.quantile_ms(0.5),
                    waits_.quantile_ms(0.99));
        auto found = must(books_->verify());
        std::printf("verify            %10s  (%lld charges)\n", found.ok() ? "ok" : "WRONG",
                    static_cast<long long>(found.charges));
    }

private:
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<billing::Books> books_;
    Waits waits_;
    billing::Till till_;
    billing::Ask ask_;
    std::int64_t settled_ = 0;
};

void as_fast_as_it_goes(const Bench& bench) {
    Shop shop(bench);
    auto begin = Steady::now();
    while (Steady::now() - begin < bench.span)
        if (!shop.pair())
            std::this_thread::yield();
    shop.report("group commit", begin);
}

void at_a_rate(const Bench& bench) {
    Shop shop(bench);
    auto begin = Steady::now();
    for (std::int64_t done = 0; Steady::now() - begin < bench.span;) {
        auto due =
            static_cast<std::int64_t>(seconds_since(begin) * static_cast<double>(bench.rate));
        while (done < due && shop.pair())
            ++done;
        std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    shop.report("at a fixed rate", begin);
}

void one_by_one(const Bench& bench) {
    auto database = must(storage::Database::open(bench.store));
    auto first = must(
        database->read([](storage::Session& session) { return session.ledger().newest_id(); }));
    std::int64_t stored = 0;
    auto begin = Steady::now();
    while (Steady::now() - begin < bench.span) {
        auto call = typical_call(first + ++stored);
        const storage::Call* rows[] = {&call};
        must(database->write(
            [&](storage::Session& session) { return session.ledger().append(rows); }));
    }
    auto took = seconds_since(begin);
    std::printf("one transaction   %10.0f pairs/s  (%lld in %.2f s)\n",
                static_cast<double>(stored) / took, static_cast<long long>(stored), took);
}

}  // namespace

int main(int count, char** words) {
    Bench bench;
    std::filesystem::path parent = count > 1 ? words[1] : "/tmp";
    if (count > 2)
        bench.span = std::chrono::seconds(std::atoi(words[2]));
    if (count > 3)
        bench.rate = std::atoi(words[3]);
    auto folder =
        parent / ("ledger_bench." + std::to_string(Steady::now().time_since_epoch().count()));
    std::filesystem::create_directories(folder);
    bench.store.path = (folder / "oblivd.db").string();
    bench.books.ring_path = (folder / "intent.ring").string();
    as_fast_as_it_goes(bench);
    at_a_rate(bench);
    one_by_one(bench);
    std::filesystem::remove_all(folder);
    return 0;
}
