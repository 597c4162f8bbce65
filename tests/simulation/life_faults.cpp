// What disks, kernels and power do.
#include "tests/simulation/life.hpp"

#include "tests/support/calls.hpp"

#include <csignal>
#include <set>
#include <sys/resource.h>

namespace obliv::simulation {
namespace {

constexpr std::int64_t page_rows = 500;

/// No file of the process may be longer than this while it exists: the disk of the ring is full.
class FileLimit {
public:
    explicit FileLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        ::rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;

private:
    ::rlimit before_{};
};

}  // namespace

void Life::write_group() {
    database_->writer().turn();
}

void Life::toggle_trouble() {
    constexpr Trouble kinds[] = {Trouble::short_write, Trouble::sync, Trouble::full};
    ++tally_.troubles;
    if (disk_.trouble() == Trouble::none)
        disk_.set_trouble(kinds[random_.below(std::size(kinds))]);
    else
        heal();
}

void Life::heal() {
    disk_.set_trouble(Trouble::none);
    write_group();
    expect(disk_.dead() || database_->writer().accepting(),
           "a disk that works is used again: " + database_->writer().stats().last_error);
}

/// Some way into a group, a fold or a copy of the log into the main file.
void Life::plan_death() {
    disk_.die_after(random_.below(60), [this] { ring_.freeze(); });
}

void Life::die() {
    ring_.freeze();
    disk_.set_trouble(Trouble::dead);
    close();
}

void Life::kill() {
    ++tally_.kills;
    die();
    ring_.put_frozen();
    disk_.revive();
    rise(false);
}

void Life::cut_power() {
    ++tally_.power_cuts;
    die();
    ring_.put_saved();
    disk_.cut_power();
    rise(true);
}

/// In order, but perhaps on a disk that fails, or dies meanwhile.
void Life::restart() {
    ++tally_.restarts;
    open_.clear();
    model_.forget_holds();
    close();
    if (disk_.dead())
        ring_.put_frozen();
    disk_.revive();
    rise(false);
}

void Life::reopen() {
    close();
    open();
    compare_transfers();
    collect_expiries();
    judge();
}

void Life::close() {
    for (auto& open : open_)
        open.hold.release();
    open_.clear();
    if (database_)
        database_->writer().stop();
    till_.reset();
    books_.reset();
    database_.reset();
}

Result<void> Life::try_open() {
    auto database = storage::Database::open(store_);
    if (!database)
        return database.error();
    auto books = billing::Books::open(**database, books_options_);
    if (!books)
        return books.error();
    database_ = std::move(*database);
    books_ = std::move(*books);
    return ok();
}

void Life::open() {
    auto done = try_open();
    expect(done.has_value(), done ? "" : "a start succeeds: " + done.error().message);
    till_ = std::make_unique<billing::Till>(
        *books_, 0, [this](std::span<const storage::Appended> calls) {
            for (const auto& each : calls)
                model_.calls.at(each.call.id.value).stored = true;
        });
    ring_.thaw();
    ring_.started();
}

/// A start after a crash; now and then one that fails, or that is killed as well, comes before it.
void Life::rise(bool power_lost) {
    model_.forget_holds();
    ring_.thaw();
    auto kind = random_.below(8);
    if (kind < 2) {
        constexpr Trouble kinds[] = {Trouble::short_write, Trouble::sync, Trouble::full};
        disk_.set_trouble(kinds[random_.below(std::size(kinds))]);
        if (random_.below(2) == 0)
            disk_.die_after(random_.below(30), [this] { ring_.freeze(); });
    }
    if (kind < 3) {
        FileLimit limit(kind == 2 ? random_.below(20'000) : RLIM_INFINITY);
        auto done = try_open();
        if (!done)
            ++tally_.failed_starts;
        close();
        if (disk_.dead())
            ring_.put_frozen();
        disk_.revive();
    }
    open();
    tally_.replayed += books_->recovery().replayed;
    expect(books_->recovery().damaged == 0, "whole sectors make whole slots");
    compare_calls(power_lost);
    compare_transfers();
    collect_expiries();
    read_limits();
    if (random_.below(8) == 0) {
        compare_lots();
        auto report = test::must(books_->verify());
        expect(report.ok(), report.ok() ? "" : report.problems.front());
    }
}

/// Every call that was settled is there, once and at its cost; after a power cut every one that the
/// books have called stored.
void Life::compare_calls(bool power_lost) {
    std::set<std::int64_t> found;
    storage::PageRequest request{certain_, static_cast<int>(page_rows), false};
    for (bool more = true; more;) {
        auto page = test::must(
            database_->read([&](storage::Session& s) { return s.usage().page({}, request); }));
        for (const auto& row : page.rows) {
            auto known = model_.calls.find(row.id.value);
            expect(known != model_.calls.end() && known->second.request == row.request_id,
                   "what is charged was settled: " + row.request_id);
            expect(row.cost.nanos() == known->second.cost, "a call is stored at its cost");
            known->second.stored = true;
            found.insert(row.id.value);
        }
        more = page.next.has_value();
        request.after = page.next.value_or(0);
    }
    for (auto call = model_.calls.upper_bound(certain_); call != model_.calls.end();) {
        if (found.contains(call->first)) {
            ++call;
            continue;
        }
        expect(power_lost && !call->second.stored,
               "no settled call is lost: " + call->second.request);
        ++tally_.lost_unconfirmed;
        Model::spend(call->second, -1);
        call = model_.calls.erase(call);
    }
    if (!found.empty())
        certain_ = *found.rbegin();
}

void Life::compare_transfers() {
    for (auto& [operation, transfer] : model_.transfers) {
        if (transfer.booked)
            continue;
        auto found = test::must(database_->read(
            [&](storage::Session& s) { return s.ledger().find_transfer(operation); }));
        if (!found)
            continue;
        // The answer was an error, and the disk had it all the same.
        transfer.booked = true;
        transfer.id = found->id;
        model_.book(transfer);
    }
}

}  // namespace obliv::simulation
