#include "core/llm/price.hpp"
#include "core/storage/sqlite/stores.hpp"
#include "core/storage/sqlite/usage_rows.hpp"
#include "core/storage/sqlite/verify_lots.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace obliv::storage::sqlite {
namespace {

constexpr std::size_t problems_max = 100;

// Wide, so that damaged figures are reported instead of overflowing.
using Wide = __int128;

Money clamp(Wide sum) {
    if (sum > Wide{INT64_MAX} || sum < Wide{INT64_MIN})
        return Money::max();
    return Money::nanos(static_cast<std::int64_t>(sum));
}

/// A charge, and the usage row with the same id if there is one.
struct Pair {
    ledger::ChargeFigures charge;
    TokenId token;
    PriceId price;
    const Call* call = nullptr;  ///< the figures of the usage row
};

void read_charge(Query& query, Pair& row) {
    auto& charge = row.charge;
    query.read(charge.id, charge.time, charge.account, row.token, row.price, charge.held,
               charge.cost, charge.loss);
}

/// What the rows that were seen add up to, to be held against sums that are kept.
struct Seen {
    std::int64_t rows = 0;
    Wide cost = 0;
    Wide loss = 0;
};

bool negative(const llm::Usage& usage) {
    for (auto member : llm::usage_members)
        if (usage.*member < 0)
            return true;
    return false;
}

class Verification {
public:
    explicit Verification(Connection& connection) : connection_(connection) {}

    Result<LedgerReport> run() {
        using Step = Result<void> (Verification::*)();
        for (Step step : {&Verification::load, &Verification::charges, &Verification::transfers,
                          &Verification::balances, &Verification::tokens, &Verification::totals,
                          &Verification::sums, &Verification::retired})
            if (auto done = (this->*step)(); !done)
                return done.error();
        if (hidden_ > 0)
            report_.problems.push_back("and " + std::to_string(hidden_) + " more");
        return std::move(report_);
    }

private:
    void problem(std::string text) {
        if (report_.problems.size() + 1 < problems_max)
            report_.problems.push_back(std::move(text));
        else
            ++hidden_;
    }

    Result<void> load() {
        Query mark(connection_, "SELECT watermark, rolled FROM fold");
        auto row = mark.step();
        if (!row)
            return row.error();
        if (*row)
            mark.read(watermark_, rolled_);
        auto months = all_months(connection_);
        if (!months)
            return months.error();
        months_ = std::move(*months);
        Query prices(connection_, "SELECT " + std::string(price_columns) + " FROM price");
        auto rows = read_all<llm::Price>(prices, read_price);
        if (!rows)
            return rows.error();
        for (const auto& price : *rows)
            prices_.emplace(price.id, price);
        return ok();
    }

    /// Charges beside their usage rows, both in the order of ids.
    Result<void> charges() {
        LotCheck lots(connection_, watermark_);
        if (auto done = lots.begin(); !done)
            return done;
        if (auto done = charges(lots); !done)
            return done;
        return lots.finish([this](std::string text) { problem(std::move(text)); });
    }

    Result<void> charges(LotCheck& lots) {
        UsageRows usage;
        if (auto done = usage.open(connection_, months_); !done)
            return done;
        auto next = usage.next();
        Query query(connection_, "SELECT id, time, account, token, price, held, cost, loss FROM "
                                 "charge ORDER BY id");
        Pair pair;
        while (next) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (*row)
                read_charge(query, pair);
            while (next && *next && (!*row || (*next)->id < pair.charge.id)) {
                orphan(**next);
                next = usage.next();
            }
            if (!next)
                break;
            if (!*row)
                return ok();
            ++report_.charges;
            bool both = *next && (*next)->id == pair.charge.id;
            pair.call = both ? *next : nullptr;
            judge(pair);
            post(pair);
            if (auto done = spend(lots, pair.charge); !done)
                return done;
            if (both)
                next = usage.next();
        }
        return next.error();
    }

    Result<void> spend(LotCheck& lots, const ledger::ChargeFigures& charge) {
        return charge.id > watermark_ ? ok() : lots.charge(charge.id, charge.account, charge.cost);
    }

    void orphan(const Call& call) {
        ++report_.usage_rows;
        problem("usage row " + call.id.text() + " has no charge");
    }

    void judge(const Pair& pair) {
        const auto& charge = pair.charge;
        auto name = [&] { return "charge " + charge.id.text(); };
        if (charge.held < Money{} || charge.cost < Money{} || charge.loss < Money{})
            problem(name() + " has a negative amount");
        if (!pair.call) {
            if (!is_retired(charge))
                return problem(name() + " has no usage row");
            ++report_.retired;
            return count(retired_, charge);
        }
        ++report_.usage_rows;
        const auto& call = *pair.call;
        if (call.id.value <= rolled_) {
            count(summed_, charge);
            units_ += units_of(call.usage);
        }
        if (std::tie(charge.account, pair.token, pair.price, charge.held, charge.cost,
                     charge.loss) !=
            std::tie(call.account, call.token, call.price, call.held, call.cost, call.loss))
            problem(name() + " and its usage row differ");
        judge_cost(pair, name);
    }

    static void count(Seen& seen, const ledger::ChargeFigures& charge) {
        ++seen.rows;
        seen.cost += charge.cost.nanos();
        seen.loss += charge.loss.nanos();
    }

    bool is_retired(const ledger::ChargeFigures& charge) const {
        auto month = month_of(charge.time);
        return std::any_of(months_.begin(), months_.end(), [&](const MonthRow& row) {
            return (row.month == 0 || row.month == month) && charge.id <= row.retired_to;
        });
    }

    void judge_cost(const Pair& pair, const auto& name) {
        Money due;
        if (negative(pair.call->usage) || pair.call->share < 0)
            return problem(name() + " has a negative count of units");
        if (pair.price) {
            auto price = prices_.find(pair.price);
            if (price == prices_.end())
                return problem(name() + " names price version " + pair.price.text() +
                               ", which does not exist");
            due =
                llm::due_for(price->second, pair.call->usage, pair.call->source, pair.call->share);
        }
        auto booked = Wide{pair.charge.cost.nanos()} + Wide{pair.charge.loss.nanos()};
        // Rows of earlier releases do not tell which part of the price an answer from the cache
        // cost.
        bool untold =
            pair.call->source == llm::UsageSource::cache && pair.call->share == llm::whole_share;
        if (untold && booked <= Wide{due.nanos()})
            return;
        if (booked != Wide{due.nanos()})
            problem(name() + " books " + clamp(booked).text() + ", and its usage costs " +
                    due.text());
    }

    void post(const Pair& pair) {
        const auto& charge = pair.charge;
        // What is not folded is in no stored balance yet.
        if (charge.id > watermark_)
            return;
        count(folded_, charge);
        Wide sum = 0;
        for (const auto& entry : ledger::entries_of(charge)) {
            balances_[entry.account] += entry.amount.nanos();
            sum += entry.amount.nanos();
        }
        if (sum != 0)
            problem("the entries of charge " + charge.id.text() + " do not sum to zero");
        spent_[pair.token] += charge.cost.nanos();
    }

    Result<void> transfers() {
        Query query(connection_, "SELECT id, source, target, amount FROM transfer ORDER BY id");
        for (;;) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (!*row)
                return ok();
            Transfer transfer;
            query.read(transfer.id, transfer.source, transfer.target, transfer.amount);
            ++report_.transfers;
            if (transfer.amount <= Money{} || transfer.source == transfer.target)
                problem("transfer " + std::to_string(transfer.id) + " moves nothing");
            balances_[transfer.source] -= transfer.amount.nanos();
            balances_[transfer.target] += transfer.amount.nanos();
        }
    }

    Result<void> balances() {
        Query query(connection_, "SELECT id, name, balance FROM account ORDER BY id");
        Wide all = 0;
        for (;;) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (!*row)
                break;
            Account account;
            query.read(account.id, account.name, account.balance);
            ++report_.accounts;
            all += account.balance.nanos();
            auto sum = balances_[account.id];
            if (sum != account.balance.nanos())
                problem("account " + account.name + " has a balance of " + account.balance.text() +
                        ", and its entries sum to " + clamp(sum).text());
            balances_.erase(account.id);
        }
        if (all != 0)
            problem("all balances together are " + clamp(all).text() + ", not zero");
        for (const auto& [id, sum] : balances_)
            problem("entries name account " + id.text() + ", which does not exist");
        return ok();
    }

    Result<void> tokens() {
        Query query(connection_, "SELECT id, spent FROM token ORDER BY id");
        for (;;) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (!*row)
                return ok();
            TokenId id;
            Money spent;
            query.read(id, spent);
            if (spent_[id] != spent.nanos())
                problem("token " + id.text() + " has spent " + spent.text() +
                        ", and its charges sum to " + clamp(spent_[id]).text());
        }
    }

    /// The running totals of the fold.
    Result<void> totals() {
        Query query(connection_, "SELECT charges, billed, rolled_rows FROM fold");
        auto row = query.step();
        if (!row)
            return row.error();
        std::int64_t charges = 0;
        std::int64_t rolled = 0;
        Money billed;
        if (*row)
            query.read(charges, billed, rolled);
        if (charges != folded_.rows || Wide{billed.nanos()} != folded_.cost + folded_.loss)
            problem("the running totals are " + std::to_string(charges) + " charges of " +
                    billed.text() + ", and the charges are " + std::to_string(folded_.rows) +
                    " of " + clamp(folded_.cost + folded_.loss).text());
        if (rolled != summed_.rows + retired_.rows)
            problem(std::to_string(rolled) + " usage rows were summed up, and there are " +
                    std::to_string(summed_.rows + retired_.rows));
        return ok();
    }

    /// The sums by hour and by day.
    Result<void> sums() {
        for (const char* table : {"usage_hour", "usage_day"}) {
            Query query(connection_,
                        "SELECT coalesce(sum(requests), 0), coalesce(sum(cost), 0), "
                        "coalesce(sum(input + cache_read + cache_write_5m + cache_write_1h + "
                        "audio_in + image_in + output + reasoning + audio_out + images + seconds "
                        "+ characters + searches), 0) FROM " +
                            std::string(table));
            auto row = query.step();
            if (!row)
                return row.error();
            std::int64_t requests = 0;
            Money cost;
            std::int64_t units = 0;
            if (*row)
                query.read(requests, cost, units);
            bool whole = retired_.rows == 0;
            if (requests != summed_.rows + retired_.rows ||
                Wide{cost.nanos()} != summed_.cost + retired_.cost || (whole && units != units_))
                problem(std::string(table) + " sums up " + std::to_string(requests) + " calls of " +
                        cost.text() + ", and the rows are " +
                        std::to_string(summed_.rows + retired_.rows) + " of " +
                        clamp(summed_.cost + retired_.cost).text() +
                        (units == units_ || !whole ? "" : ", with other units"));
        }
        return ok();
    }

    /// What retention noted of the rows that it removed.
    Result<void> retired() {
        Seen noted;
        for (const auto& month : months_) {
            noted.rows += month.rows;
            noted.cost += month.cost.nanos();
            noted.loss += month.loss.nanos();
        }
        if (noted.rows != retired_.rows || noted.cost != retired_.cost ||
            noted.loss != retired_.loss)
            problem("retention removed " + std::to_string(noted.rows) + " usage rows of " +
                    clamp(noted.cost).text() + ", and " + std::to_string(retired_.rows) +
                    " charges of " + clamp(retired_.cost).text() + " have none");
        return ok();
    }

    Connection& connection_;
    LedgerReport report_;
    std::size_t hidden_ = 0;
    ChargeId watermark_;
    std::int64_t rolled_ = 0;
    std::vector<MonthRow> months_;
    Seen folded_;
    Seen summed_;
    Seen retired_;
    std::int64_t units_ = 0;  // of the rows that are summed up
    std::unordered_map<PriceId, llm::Price> prices_;
    std::unordered_map<AccountId, Wide> balances_;
    std::unordered_map<TokenId, Wide> spent_;
};

}  // namespace

Result<LedgerReport> SqliteLedger::verify() {
    return Verification(context_.connection).run();
}

}  // namespace obliv::storage::sqlite
