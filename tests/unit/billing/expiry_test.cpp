// Money that expires, against a list of heaps that are spent one after the other.
#include "core/storage/sqlite/connection.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/unit/billing/shop.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <random>
#include <thread>
#include <utility>

using namespace obliv;
using namespace std::chrono_literals;
using test::must;

namespace {

struct Heap {
    WallTime expires_at;
    std::int64_t id;
    std::int64_t left;
};

struct Naive {
    std::int64_t floor = 0;
    std::int64_t lasting = 0;
    std::int64_t held = 0;
    std::vector<Heap> heaps;

    std::int64_t expiring() const {
        std::int64_t sum = 0;
        for (const auto& heap : heaps)
            sum += heap.left;
        return sum;
    }
    std::int64_t available() const { return lasting + expiring() - held; }

    void spend(std::int64_t amount) {
        std::sort(heaps.begin(), heaps.end(), [](const Heap& a, const Heap& b) {
            return a.expires_at != b.expires_at ? a.expires_at < b.expires_at : a.id < b.id;
        });
        for (auto& heap : heaps) {
            auto part = std::min(heap.left, amount);
            heap.left -= part;
            amount -= part;
        }
        lasting -= amount;
        std::erase_if(heaps, [](const Heap& heap) { return heap.left == 0; });
    }
};

test::FakeClock& start_of(test::Shop& shop, test::FakeClock& clock) {
    shop.books_options.clock = &clock;
    shop.reopen();
    return clock;
}

class Run {
public:
    explicit Run(std::uint64_t seed) : random_(seed) {
        start_of(shop_, clock_);
        naive_[shop_.team];
        naive_[shop_.credit].floor = -50;
    }

    void step() {
        switch (random_.below(14)) {
        case 0:
            return topup();
        case 1:
            return adjust();
        case 2:
            return transfer();
        case 3:
            clock_.advance(std::chrono::minutes(1 + random_.below(40)));
            return;
        case 4:
            return expire();
        case 5:
            return random_.below(20) == 0 ? restart() : expire();
        default:
            break;
        }
        if (open_.empty() || random_.below(2) == 0)
            reserve();
        else
            end_one();
    }

    void judge() {
        for (const auto& [id, naive] : naive_) {
            auto figures = shop_.figures(id);
            REQUIRE(figures.agree());
            REQUIRE(figures.available.nanos() == naive.available());
            REQUIRE(figures.held.nanos() == naive.held);
            REQUIRE(figures.available.nanos() >= naive.floor);
        }
    }

    void judge_lots() {
        shop_.flush();
        for (const auto& [id, naive] : naive_) {
            std::map<std::int64_t, std::int64_t> real, expected;
            for (const auto& lot : must(shop_.books->lots(id)))
                real[lot.id] = lot.left.nanos();
            for (const auto& heap : naive.heaps)
                expected[heap.id] = heap.left;
            REQUIRE(real == expected);
        }
    }

    void finish() {
        while (!open_.empty())
            end_one();
        restart();
        judge();
        judge_lots();
        auto report = must(shop_.books->verify());
        CAPTURE(report.problems);
        CHECK(report.ok());
    }

    int expiries = 0;

private:
    struct Open {
        billing::Hold hold;
        AccountId account;
        std::int64_t amount;
    };

    AccountId any() { return random_.below(2) == 0 ? shop_.team : shop_.credit; }
    std::string next_operation() { return "op-" + std::to_string(++operations_); }

    void topup() {
        auto account = any();
        auto amount = static_cast<std::int64_t>(random_.below(80)) + 1;
        auto& naive = naive_[account];
        std::optional<WallTime> expires_at;
        if (random_.below(3) > 0)
            expires_at = clock_.wall() + std::chrono::minutes(1 + random_.below(120));
        auto done = must(
            shop_.books->topup(account, Money::nanos(amount), next_operation(), "", expires_at));
        auto debt = std::min<std::int64_t>(naive.lasting + naive.expiring(), 0);
        auto expiring = expires_at ? std::max<std::int64_t>(amount + debt, 0) : 0;
        naive.lasting += amount - expiring;
        if (expiring > 0)
            naive.heaps.push_back({*expires_at, done.id, expiring});
    }

    void adjust() {
        auto account = any();
        auto amount = static_cast<std::int64_t>(random_.below(60)) + 1;
        auto& naive = naive_[account];
        auto done = shop_.books->adjust(account, Money::nanos(-amount), next_operation(), "");
        REQUIRE(done.has_value() == (naive.available() - amount >= naive.floor));
        if (done)
            naive.spend(amount);
    }

    void transfer() {
        judge_lots();
        auto source = any();
        auto target = source == shop_.team ? shop_.credit : shop_.team;
        auto amount = static_cast<std::int64_t>(random_.below(60)) + 1;
        auto& naive = naive_[source];
        bool lasts = naive.heaps.empty() || amount <= naive.lasting;
        auto done =
            shop_.books->transfer(source, target, Money::nanos(amount), next_operation(), "");
        REQUIRE(done.has_value() == (lasts && naive.available() - amount >= naive.floor));
        if (!done)
            return;
        naive.lasting -= amount;
        naive_[target].lasting += amount;
    }

    void expire() {
        must(shop_.books->expire());
        // What calls that are not in the lots yet may have spent was kept back: it goes once they
        // are.
        shop_.flush();
        must(shop_.books->lots(shop_.team));
        must(shop_.books->expire());
        for (auto& [id, naive] : naive_) {
            std::int64_t expired = 0;
            std::int64_t overdue = 0;
            for (const auto& heap : naive.heaps) {
                if (heap.expires_at <= clock_.wall())
                    expired += heap.left;
                if (heap.expires_at + 1h <= clock_.wall())
                    overdue += heap.left;
            }
            auto out = std::clamp<std::int64_t>(std::max(expired - naive.held, overdue), 0,
                                                std::max<std::int64_t>(naive.available(), 0));
            expiries += out > 0;
            naive.spend(out);
        }
    }

    void reserve() {
        auto account = any();
        auto amount = static_cast<std::int64_t>(random_.below(40)) + 1;
        auto& naive = naive_[account];
        auto hold = shop_.reserve(amount, account);
        REQUIRE(hold.has_value() == (naive.available() - amount >= naive.floor));
        if (!hold)
            return;
        naive.held += amount;
        open_.push_back({std::move(*hold), account, amount});
    }

    void end_one() {
        std::swap(open_[random_.below(open_.size())], open_.back());
        auto open = std::move(open_.back());
        open_.pop_back();
        auto& naive = naive_[open.account];
        naive.held -= open.amount;
        if (random_.below(4) == 0)
            return open.hold.release();
        auto cost = static_cast<std::int64_t>(random_.below(open.amount + 1));
        must(shop_.pay(std::move(open.hold), cost, open.account));
        naive.spend(cost);
    }

    void restart() {
        while (!open_.empty())
            end_one();
        shop_.reopen();
        expire();
    }

    test::FakeClock clock_;
    Random random_;
    test::Shop shop_;
    std::map<AccountId, Naive> naive_;
    std::vector<Open> open_;
    int operations_ = 0;
};

}  // namespace

TEST_CASE("what expires goes as a list of heaps says, whatever happens in between", "[billing]") {
    auto seed = static_cast<std::uint64_t>(std::random_device{}());
    int expiries = 0;
    for (std::uint64_t given : {std::uint64_t{1}, std::uint64_t{2}, seed}) {
        INFO("seed " << given);
        Run run(given);
        for (int i = 0; i < 1200; ++i) {
            run.step();
            run.judge();
            if (i % 20 == 0)
                run.judge_lots();
        }
        run.finish();
        expiries += run.expiries;
    }
    CHECK(expiries > 20);
}

TEST_CASE("what expired while the daemon was down is booked out at the start", "[billing]") {
    test::FakeClock clock;
    test::Shop shop;
    start_of(shop, clock);
    must(shop.books->topup(shop.team, Money::nanos(30), "a", "", clock.wall() + 1h));
    shop.topup(shop.team, 12);
    shop.close();
    clock.advance(2h);
    shop.open();
    CHECK(shop.figures(shop.team).available == Money::nanos(12));
    CHECK(must(shop.books->lots(shop.team)).empty());
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("a repeated top-up answers with the expiry of the first", "[billing]") {
    test::FakeClock clock;
    test::Shop shop;
    start_of(shop, clock);
    auto at = clock.wall() + 1h;
    must(shop.books->topup(shop.team, Money::nanos(30), "a", "", at));
    auto again = must(shop.books->topup(shop.team, Money::nanos(99), "a", "", at + 1h));
    CHECK(again.amount == Money::nanos(30));
    CHECK(again.expires_at == at);
    CHECK(must(shop.books->lots(shop.team)).size() == 1);
    auto past = shop.books->topup(shop.team, Money::nanos(1), "b", "", clock.wall());
    REQUIRE_FALSE(past);
    CHECK(past.error().code == Code::invalid_request);
}

TEST_CASE("verify tells of a lot whose rest is not what was spent leaves", "[billing]") {
    test::FakeClock clock;
    test::Shop shop;
    start_of(shop, clock);
    auto lot = must(shop.books->topup(shop.team, Money::nanos(30), "a", "", clock.wall() + 1h));
    must(shop.pay(must(shop.reserve(8, shop.team)), 8, shop.team));
    shop.flush();
    CHECK(must(shop.books->lots(shop.team)).front().left == Money::nanos(22));
    CHECK(must(shop.books->verify()).ok());
    shop.close();
    must(must(storage::sqlite::Connection::open(shop.store.path, storage::sqlite::Access::write))
             ->run("UPDATE lot SET left = 23 WHERE id = " + std::to_string(lot.id)));
    shop.open();
    auto report = must(shop.books->verify());
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems.front().find("which expires") != std::string::npos);
}

namespace {

/// Runs something when it is asked for the time: between two steps of what it is given to.
class BusyClock final : public Clock {
public:
    WallTime wall() const noexcept override {
        if (auto work = std::exchange(meanwhile, nullptr))
            work();
        return from_unix_nanos(1'767'225'600'000'000'000);
    }
    SteadyTime steady() const noexcept override { return SteadyTime(1h); }

    mutable std::function<void()> meanwhile;
};

Money lots_of(test::Shop& shop, AccountId account) {
    Money sum;
    for (const auto& lot : must(shop.books->lots(account)))
        sum += lot.left;
    return sum;
}

}  // namespace

TEST_CASE("a debt that is made while a top-up comes in is paid off by it", "[billing]") {
    BusyClock clock;
    test::Shop shop;
    shop.books_options.clock = &clock;
    shop.reopen();
    auto hold = must(shop.reserve(40, shop.credit));
    auto until = clock.wall() + 1h;
    // Once it has begun: the first time is asked for while the top-up is looked at.
    clock.meanwhile = [&] {
        clock.meanwhile = [&] { must(shop.pay(std::move(hold), 30, shop.credit)); };
    };
    must(shop.books->topup(shop.credit, Money::nanos(50), "a", "", until));
    CHECK_FALSE(hold.open());
    shop.flush();
    CHECK(shop.figures(shop.credit).available == Money::nanos(20));
    CHECK(lots_of(shop, shop.credit) == Money::nanos(20));
    CHECK(must(shop.books->verify()).ok());
}

TEST_CASE("no more expires than there is, however calls and top-ups race", "[billing]") {
    test::Shop shop({}, 4096);
    shop.topup(shop.credit, 1);
    std::atomic<bool> done{false};
    std::thread caller([&] {
        while (!done)
            if (auto hold = shop.reserve(20, shop.credit))
                must(shop.pay(std::move(*hold), 20, shop.credit));
    });
    auto until = real_clock().wall() + 1h;
    for (int i = 0; i < 150; ++i)
        must(shop.books->topup(shop.credit, Money::nanos(200), std::to_string(i), "", until));
    done = true;
    caller.join();
    shop.flush();
    auto left = lots_of(shop, shop.credit);
    CHECK(left <= std::max(shop.figures(shop.credit).available, Money{}));
    CHECK(must(shop.books->verify()).ok());
}
