// Real processes, really killed: what the parent was told of must be there once.
#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <map>
#include <sys/wait.h>
#include <unistd.h>

using namespace obliv;
using test::must;
using test::Shop;

namespace {

/// What the child tells about a call once it is settled: what its client would have seen.
struct Acknowledged {
    std::int64_t id;
    std::int64_t cost;
};

/// Settles calls as fast as it can until it is killed. In the child: never returns.
[[noreturn]] void serve(const storage::Options& store, const billing::BooksOptions& options,
                        AccountId account, int round, int out) {
    auto database = must(storage::Database::open(store));
    auto books = must(billing::Books::open(*database, options));
    billing::Till till(*books, 0);
    Random random(static_cast<std::uint64_t>(round));
    auto call = test::sample_call(0, account);
    for (std::int64_t n = 0;; ++n) {
        billing::Ask ask;
        ask.account = account;
        ask.model = "asked";
        ask.at_most.output = 5;
        auto hold = till.reserve(ask);
        // A full ring empties as the store catches up; every third call is given up.
        if (!hold || random.below(3) == 0)
            continue;
        call.request_id = std::to_string(round) + "." + std::to_string(n);
        call.usage.output = static_cast<std::int64_t>(random.below(8));
        auto receipt = must(till.charge(std::move(*hold), storage::Call(call)));
        Acknowledged told{receipt.id.value, receipt.cost.nanos()};
        if (::write(out, &told, sizeof(told)) != sizeof(told))
            ::_exit(1);
    }
}

/// Reads what the child acknowledges and kills it after so many.
std::vector<Acknowledged> run_and_kill(pid_t child, int in, std::size_t count) {
    std::vector<Acknowledged> told;
    Acknowledged one{};
    bool killed = false;
    while (::read(in, &one, sizeof(one)) == sizeof(one)) {
        told.push_back(one);
        if (told.size() >= count && !killed) {
            ::kill(child, SIGKILL);
            killed = true;
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    return told;
}

}  // namespace

TEST_CASE("whatever was acknowledged before a kill is there once after it", "[billing]") {
    Shop shop({}, 4096);
    shop.topup(shop.team, 100'000'000);
    shop.close();
    std::map<std::int64_t, std::int64_t> told;
    std::int64_t before = 0;
    for (int round = 0; round < 20; ++round) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        auto child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            ::alarm(60);
            serve(shop.store, shop.books_options, shop.team, round, ends[1]);
        }
        ::close(ends[1]);
        for (auto one : run_and_kill(child, ends[0], 200 + static_cast<std::size_t>(round) * 37)) {
            CHECK(told.emplace(one.id, one.cost).second);
        }
        ::close(ends[0]);

        shop.open();
        auto report = must(shop.books->verify());
        CAPTURE(round, report.problems);
        CHECK(report.ok());
        std::int64_t sum = 0;
        std::map<std::int64_t, std::int64_t> stored;
        storage::PageRequest request{0, 1000, false};
        for (;;) {
            auto page = must(shop.database->read(
                [&](storage::Session& s) { return s.usage().page({}, request); }));
            for (const auto& row : page.rows) {
                stored.emplace(row.id.value, row.cost.nanos());
                sum += row.cost.nanos();
            }
            if (!page.next)
                break;
            request.after = *page.next;
        }
        // Every acknowledged call is there at its price. One more may be: settled, and killed
        // before the parent was told.
        CHECK(stored.size() >= told.size());
        CHECK(stored.size() <= told.size() + static_cast<std::size_t>(round) + 1);
        for (const auto& [id, cost] : told) {
            auto found = stored.find(id);
            REQUIRE(found != stored.end());
            REQUIRE(found->second == cost);
        }
        CHECK(shop.figures(shop.team).available == Money::nanos(100'000'000 - sum));
        CHECK(shop.figures(shop.team).held == Money{});
        CHECK(sum >= before);
        before = sum;
        shop.close();
    }
}
