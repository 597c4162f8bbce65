// Settled calls a second with every sync on: through the intent ring and the group commit, and the
// same calls as one transaction each. Prints both; judges neither.
//
//     ledger_bench [FOLDER] [SECONDS]
//
// The folder has to lie on the disk that is to be measured.

#include "daemon/billing/till.hpp"
#include "tests/support/calls.hpp"

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

void grouped(const Bench& bench) {
    auto database = must(storage::Database::open(bench.store));
    auto books = must(billing::Books::open(*database, bench.books));
    std::int64_t settled = 0;
    std::int64_t refused = 0;
    auto begin = Steady::now();
    {
        billing::Till till(*books, 0);
        billing::Ask ask;
        ask.account = storage::admin_account;
        ask.model = "gpt-4o-mini";
        ask.at_most.input = 600;
        ask.at_most.output = 1000;
        while (Steady::now() - begin < bench.span) {
            auto hold = till.reserve(ask);
            if (!hold) {
                // The ring is full: the disk is the limit.
                ++refused;
                std::this_thread::yield();
                continue;
            }
            must(till.charge(std::move(*hold), typical_call(++settled)));
        }
        database->writer().stop();
    }
    auto took = seconds_since(begin);
    auto stats = database->writer().stats();
    std::printf("group commit      %10.0f calls/s  (%lld in %.2f s, %llu transactions, full ring "
                "%lld times)\n",
                static_cast<double>(stats.calls_stored) / took,
                static_cast<long long>(stats.calls_stored), took,
                static_cast<unsigned long long>(stats.groups), static_cast<long long>(refused));
    auto report = must(books->verify());
    std::printf("verify            %10s  (%lld charges)\n", report.ok() ? "ok" : "WRONG",
                static_cast<long long>(report.charges));
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
    std::printf("one transaction   %10.0f calls/s  (%lld in %.2f s)\n",
                static_cast<double>(stored) / took, static_cast<long long>(stored), took);
}

}  // namespace

int main(int count, char** words) {
    Bench bench;
    std::filesystem::path parent = count > 1 ? words[1] : "/tmp";
    if (count > 2)
        bench.span = std::chrono::seconds(std::atoi(words[2]));
    auto folder =
        parent / ("ledger_bench." + std::to_string(Steady::now().time_since_epoch().count()));
    std::filesystem::create_directories(folder);
    bench.store.path = (folder / "oblivd.db").string();
    bench.books.ring_path = (folder / "intent.ring").string();
    grouped(bench);
    one_by_one(bench);
    std::filesystem::remove_all(folder);
    return 0;
}
