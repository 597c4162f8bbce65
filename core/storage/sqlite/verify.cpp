#include "core/llm/price.hpp"
#include "core/storage/sqlite/stores.hpp"

#include <optional>
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
    std::optional<std::int64_t> usage_id;
    Call call;  ///< of the usage row: the figures only
};

constexpr std::string_view pair_sql =
    "SELECT c.id, c.time, c.account, c.token, c.price, c.held, c.cost, c.loss, u.id, u.account, "
    "u.token, u.price, u.held, u.cost, u.loss, u.source, u.input, u.cache_read, u.cache_write_5m, "
    "u.cache_write_1h, u.audio_in, u.image_in, u.output, u.reasoning, u.audio_out, "
    "u.images, u.seconds, u.characters FROM charge c "
    "LEFT JOIN ";

void read_pair(Query& query, Pair& row) {
    auto& charge = row.charge;
    auto& call = row.call;
    auto& usage = call.usage;
    query.read(charge.id, charge.time, charge.account, row.token, row.price, charge.held,
               charge.cost, charge.loss, row.usage_id, call.account, call.token, call.price,
               call.held, call.cost, call.loss, call.source, usage.input, usage.cache_read,
               usage.cache_write_5m, usage.cache_write_1h, usage.audio_in, usage.image_in,
               usage.output, usage.reasoning, usage.audio_out, usage.images, usage.seconds,
               usage.characters);
}

bool negative(const llm::Usage& usage) {
    for (auto count : {usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h,
                       usage.audio_in, usage.image_in, usage.output, usage.reasoning,
                       usage.audio_out, usage.images, usage.seconds, usage.characters})
        if (count < 0)
            return true;
    return false;
}

class Verification {
public:
    explicit Verification(Connection& connection) : connection_(connection) {}

    Result<LedgerReport> run() {
        using Step = Result<void> (Verification::*)();
        for (Step step : {&Verification::load, &Verification::charges, &Verification::orphans,
                          &Verification::transfers, &Verification::balances, &Verification::tokens})
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
        Query mark(connection_, "SELECT watermark FROM fold");
        auto row = mark.step();
        if (!row)
            return row.error();
        if (*row)
            mark.read(watermark_);
        Query prices(connection_, "SELECT " + std::string(price_columns) + " FROM price");
        auto rows = read_all<llm::Price>(prices, read_price);
        if (!rows)
            return rows.error();
        for (const auto& price : *rows)
            prices_.emplace(price.id, price);
        return ok();
    }

    Result<void> charges() {
        Query query(connection_,
                    std::string(pair_sql) + usage_source() + " u ON u.id = c.id ORDER BY c.id");
        Pair pair;
        for (;;) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (!*row)
                return ok();
            read_pair(query, pair);
            ++report_.charges;
            judge(pair);
            post(pair);
        }
    }

    void judge(const Pair& pair) {
        const auto& charge = pair.charge;
        auto name = "charge " + charge.id.text();
        if (charge.held < Money{} || charge.cost < Money{} || charge.loss < Money{})
            problem(name + " has a negative amount");
        if (!pair.usage_id)
            return problem(name + " has no usage row");
        ++report_.usage_rows;
        const auto& call = pair.call;
        if (std::tie(charge.account, pair.token, pair.price, charge.held, charge.cost,
                     charge.loss) !=
            std::tie(call.account, call.token, call.price, call.held, call.cost, call.loss))
            problem(name + " and its usage row differ");
        judge_cost(pair, name);
    }

    void judge_cost(const Pair& pair, const std::string& name) {
        Money due;
        if (negative(pair.call.usage))
            return problem(name + " has a negative count of units");
        if (pair.price) {
            auto price = prices_.find(pair.price);
            if (price == prices_.end())
                return problem(name + " names price version " + pair.price.text() +
                               ", which does not exist");
            if (pair.call.source != llm::UsageSource::none)
                due = llm::cost_of(price->second, pair.call.usage);
        }
        auto booked = Wide{pair.charge.cost.nanos()} + Wide{pair.charge.loss.nanos()};
        // An answer that is given again costs a part of its price, as it was set then.
        if (pair.call.source == llm::UsageSource::cache && booked <= Wide{due.nanos()})
            return;
        if (booked != Wide{due.nanos()})
            problem(name + " books " + clamp(booked).text() + ", and its usage costs " +
                    due.text());
    }

    void post(const Pair& pair) {
        const auto& charge = pair.charge;
        // What is not folded is in no stored balance yet.
        if (charge.id > watermark_)
            return;
        Wide sum = 0;
        for (const auto& entry : ledger::entries_of(charge)) {
            balances_[entry.account] += entry.amount.nanos();
            sum += entry.amount.nanos();
        }
        if (sum != 0)
            problem("the entries of charge " + charge.id.text() + " do not sum to zero");
        spent_[pair.token] += charge.cost.nanos();
    }

    Result<void> orphans() {
        Query query(connection_, "SELECT u.id FROM " + usage_source() +
                                     " u LEFT JOIN charge c ON c.id = u.id WHERE c.id IS NULL");
        for (;;) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (!*row)
                return ok();
            ChargeId id;
            query.read(id);
            ++report_.usage_rows;
            problem("usage row " + id.text() + " has no charge");
        }
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

    Connection& connection_;
    LedgerReport report_;
    std::size_t hidden_ = 0;
    ChargeId watermark_;
    std::unordered_map<PriceId, llm::Price> prices_;
    std::unordered_map<AccountId, Wide> balances_;
    std::unordered_map<TokenId, Wide> spent_;
};

}  // namespace

Result<LedgerReport> SqliteLedger::verify() {
    return Verification(context_.connection).run();
}

}  // namespace obliv::storage::sqlite
