// Random operations against a model that is too simple to be wrong: integers in a map.
#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

using namespace obliv;
using test::must;
using test::Shop;

namespace {

struct Switch {
    std::atomic<bool> on{false};
    std::atomic<storage::WriteStep> step{storage::WriteStep::commit};
};

storage::WriterOptions with_faults(std::shared_ptr<Switch> fault) {
    storage::WriterOptions options;
    options.commit_window = std::chrono::milliseconds(1);
    options.chore_interval = std::chrono::milliseconds(1);
    options.retry_first = options.retry_last = std::chrono::milliseconds(1);
    options.fault = [fault](storage::WriteStep step) -> Result<void> {
        if (fault->on && step == fault->step)
            return fail(Code::io, "a fault of the test");
        return ok();
    };
    return options;
}

/// What the books have to say, kept in the plainest way.
struct Model {
    struct Account {
        std::int64_t floor = 0;
        std::int64_t granted = 0;
        std::int64_t held = 0;
        std::int64_t spent = 0;
        std::int64_t available() const { return granted - held - spent; }
    };
    std::map<std::int64_t, Account> accounts;
    Account budget;
    std::map<std::string, std::int64_t> operations;  // id -> amount
    std::map<std::string, std::int64_t> calls;       // request -> cost
};

struct Open {
    billing::Hold hold;
    AccountId account;
    bool budgeted;
    std::int64_t amount;
};

class Run {
public:
    explicit Run(std::uint64_t seed)
        : random_(seed), shop_(with_faults(fault_), 32),
          budgeted_(shop_.add_token("b", shop_.team, Money::nanos(4000))) {
        model_.accounts[shop_.team.value];
        model_.accounts[shop_.credit.value].floor = -50;
        model_.budget.granted = 4000;
    }

    void step() {
        switch (random_.below(40)) {
        case 0:
            return crash();
        case 1:
            return toggle_fault();
        case 2:
        case 3:
            return move(true);
        case 4:
        case 5:
            return move(false);
        default:
            break;
        }
        if (open_.empty() || random_.below(3) == 0)
            reserve();
        else if (random_.below(4) == 0)
            release();
        else
            settle();
    }

    void judge() {
        for (const auto& [id, account] : model_.accounts)
            judge_one(account, shop_.figures(AccountId{id}));
        judge_one(model_.budget, *shop_.books->token_figures(budgeted_));
    }

    void finish() {
        open_.clear();
        heal();
        shop_.reopen();
        for (auto& [id, account] : model_.accounts)
            account.held = 0;
        model_.budget.held = 0;
        judge_after_restart();
        auto report = must(shop_.books->verify());
        CAPTURE(report.problems);
        CHECK(report.ok());
        CHECK(report.charges == static_cast<std::int64_t>(model_.calls.size()));
        CHECK(report.transfers == static_cast<std::int64_t>(model_.operations.size()));
    }

private:
    static void judge_one(const Model::Account& model, const ledger::BalanceFigures& real) {
        REQUIRE(real.agree());
        REQUIRE(real.available.nanos() == model.available());
        REQUIRE(real.held.nanos() == model.held);
        REQUIRE(real.available.nanos() >= model.floor);
    }

    void judge_after_restart() {
        for (const auto& [id, account] : model_.accounts)
            REQUIRE(shop_.figures(AccountId{id}).available.nanos() == account.available());
        REQUIRE(shop_.books->token_figures(budgeted_)->available.nanos() ==
                model_.budget.available());
    }

    bool affordable(const Model::Account& model, bool budgeted, std::int64_t amount) const {
        return amount == 0 || (model.available() - amount >= model.floor &&
                               (!budgeted || model_.budget.available() >= amount));
    }

    void reserve() {
        bool budgeted = random_.below(2) == 0;
        auto account = budgeted || random_.below(2) == 0 ? shop_.team : shop_.credit;
        auto amount = static_cast<std::int64_t>(random_.below(40));
        auto& model = model_.accounts[account.value];
        bool payable = affordable(model, budgeted, amount);
        auto hold = shop_.reserve(amount, account, budgeted ? budgeted_ : TokenId{});
        if (!hold) {
            // A disk that fails, or a full ring, refuses what could be paid for.
            auto code = hold.error().code;
            bool other = code == Code::unavailable || code == Code::overloaded;
            REQUIRE((other || (code == Code::quota_exhausted && !payable)));
            return;
        }
        REQUIRE(payable);
        model.held += amount;
        if (budgeted)
            model_.budget.held += amount;
        open_.push_back({std::move(*hold), account, budgeted, amount});
    }

    Open take() {
        std::swap(open_[random_.below(open_.size())], open_.back());
        auto open = std::move(open_.back());
        open_.pop_back();
        model_.accounts[open.account.value].held -= open.amount;
        if (open.budgeted)
            model_.budget.held -= open.amount;
        return open;
    }

    void release() { take().hold.release(); }

    void settle() {
        auto open = take();
        auto& model = model_.accounts[open.account.value];
        auto due = static_cast<std::int64_t>(random_.below(60));
        auto most = model.available() - model.floor;
        if (open.budgeted)
            most = std::min(most, model_.budget.available());
        // At least the reservation can be charged: it was set aside.
        auto cost = std::min(due, std::max(most, open.amount));
        auto call = shop_.call(due, open.account, open.budgeted ? budgeted_ : TokenId{});
        auto request = call.request_id;
        auto receipt = must(shop_.till->charge(std::move(open.hold), std::move(call)));
        REQUIRE(receipt.cost.nanos() == cost);
        model.spent += cost;
        if (open.budgeted)
            model_.budget.spent += cost;
        REQUIRE(model_.calls.emplace(request, cost).second);
    }

    void move(bool topup) {
        auto account = random_.below(2) == 0 ? shop_.team : shop_.credit;
        auto amount = static_cast<std::int64_t>(random_.below(200)) + 1;
        if (!topup && random_.below(2) == 0)
            amount = -amount;
        // Some ids come twice.
        auto operation = std::to_string(random_.below(400));
        auto& model = model_.accounts[account.value];
        bool known = model_.operations.contains(operation);
        auto done = topup ? shop_.books->topup(account, Money::nanos(amount), operation, "")
                          : shop_.books->adjust(account, Money::nanos(amount), operation, "");
        if (!done) {
            auto code = done.error().code;
            bool short_of = code == Code::conflict && model.available() + amount < model.floor;
            REQUIRE((short_of || code == Code::unavailable || code == Code::io));
            return;
        }
        if (known) {
            REQUIRE(done->amount.nanos() == std::abs(model_.operations[operation]));
            return;
        }
        model_.operations[operation] = amount;
        model.granted += amount;
    }

    void toggle_fault() {
        const storage::WriteStep steps[] = {storage::WriteStep::begin, storage::WriteStep::append,
                                            storage::WriteStep::commit};
        fault_->step = steps[random_.below(3)];
        fault_->on = !fault_->on;
    }

    void heal() {
        fault_->on = false;
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!shop_.database->writer().accepting() && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
    }

    /// Dies: nothing queued gets to the disk any more, open calls are forgotten.
    void crash() {
        fault_->step = storage::WriteStep::begin;
        fault_->on = true;
        auto ring = shop_.books_options.ring_path;
        // The ring as the kill leaves it: taking the process down in order frees slots.
        std::filesystem::copy_file(ring, ring + ".kill",
                                   std::filesystem::copy_options::overwrite_existing);
        shop_.database->writer().stop();
        for (auto& open : open_)
            open.hold.release();
        open_.clear();
        shop_.close();
        std::filesystem::rename(ring + ".kill", ring);
        fault_->on = false;
        shop_.open();
        for (auto& [id, account] : model_.accounts)
            account.held = 0;
        model_.budget.held = 0;
        judge_after_restart();
        // A restart counts what was spent into the balance at start.
        REQUIRE(must(shop_.books->verify()).ok());
    }

    Random random_;
    std::shared_ptr<Switch> fault_ = std::make_shared<Switch>();
    Shop shop_;
    TokenId budgeted_;
    Model model_;
    std::vector<Open> open_;
};

}  // namespace

TEST_CASE("any interleaving of operations, crashes and failed writes keeps the books",
          "[billing]") {
    auto seed = static_cast<std::uint64_t>(std::random_device{}());
    for (std::uint64_t given : {std::uint64_t{1}, std::uint64_t{2}, seed}) {
        INFO("seed " << given);
        Run run(given);
        for (int i = 0; i < 2500; ++i) {
            run.step();
            run.judge();
        }
        run.finish();
    }
}
