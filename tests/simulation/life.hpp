#pragma once

#include "core/base/random.hpp"
#include "daemon/billing/books.hpp"
#include "daemon/billing/till.hpp"
#include "tests/simulation/memory_disk.hpp"
#include "tests/simulation/model.hpp"
#include "tests/simulation/ring_file.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_folder.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace obliv::simulation {

/// What the books did that the model says they must not.
class Broken : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// How often what has happened, of all lives.
struct Tally {
    std::int64_t operations = 0;
    std::int64_t calls = 0;
    std::int64_t transfers = 0;
    std::int64_t expiries = 0;
    std::int64_t kills = 0;
    std::int64_t power_cuts = 0;
    std::int64_t restarts = 0;
    std::int64_t failed_starts = 0;
    std::int64_t troubles = 0;
    std::int64_t replayed = 0;
    std::int64_t lost_unconfirmed = 0;  ///< settled, not yet on the disk, and gone by a power cut
};

/// One set of books from its making to its end: the real billing and storage over a disk in memory,
/// one operation after the other, chosen by the seed alone.
class Life {
public:
    Life(std::uint64_t seed, Tally& tally);
    ~Life();

    void step();    ///< one operation, and a look at what it moved
    void finish();  ///< heals everything, restarts, and has the ledger verified
    /// Changes with everything that has happened: two lives of one seed have the same.
    std::uint64_t trace() const noexcept { return trace_; }

private:
    struct Open {
        billing::Hold hold;
        AccountId account;
        bool budgeted;
        Model::Purses purses;
        WallTime time;
        std::int64_t amount;
        std::int64_t input_price;
        std::int64_t output_price;
    };

    // life.cpp
    void make_accounts();
    void make_budgets(storage::Session& session);
    Model::Purse& period_of(const storage::Budget& budget);
    void note(std::uint64_t what) noexcept;
    void expect(bool holds, const std::string& claim) const;
    static bool disk_said_no(Code code) { return code == Code::unavailable || code == Code::io; }
    void judge();
    void judge(const Model::Purse& model, const ledger::BalanceFigures& real,
               const std::string& name) const;
    AccountId some_account();

    // life_money.cpp
    Model::Purses purses_of(AccountId account, bool budgeted);
    void reserve();
    void extend();
    void release();
    void settle();
    void change_limit();
    void change_budget();
    void change_period_budget();
    void change_price();
    void read_limits();
    Open take();

    // life_moves.cpp
    void topup();
    void topup_for_a_while();
    void adjust();
    void transfer();
    void make_code();
    void redeem();
    void expire();
    void pass_time();
    void move(Model::Transfer wanted, bool adjusts);
    void moved(Model::Transfer& known, Model::Transfer wanted,
               const Result<storage::Transfer>& done);
    std::string some_operation();
    std::int64_t expiring_part(AccountId account, std::int64_t amount);

    // life_lots.cpp
    void collect_expiries();
    void compare_lots();

    // life_faults.cpp
    void write_group();
    void toggle_trouble();
    void plan_death();
    void kill();
    void cut_power();
    void restart();
    void close();
    void open();
    Result<void> try_open();
    void reopen();
    void heal();
    void die();
    void rise(bool power_lost);
    void compare_calls(bool power_lost);
    void compare_transfers();

    Random random_;
    Tally& tally_;
    test::FakeClock clock_;
    test::TempFolder folder_;
    MemoryDisk disk_;
    RingFile ring_;
    Model model_;
    AccountId team_;
    AccountId credit_;
    TokenId budgeted_;
    std::vector<storage::Budget> budgets_;
    std::uint64_t trace_ = 1469598103934665603U;
    std::int64_t steps_ = 0;
    std::int64_t requests_ = 0;
    std::int64_t last_expiry_ = 0;  ///< entries up to this id were searched for expiries
    std::int64_t certain_ = 0;      ///< calls up to this id were found in the store after a crash
    storage::Options store_;
    billing::BooksOptions books_options_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<billing::Books> books_;
    std::unique_ptr<billing::Till> till_;
    std::vector<Open> open_;
};

}  // namespace obliv::simulation
