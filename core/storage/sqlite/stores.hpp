#pragma once

#include "core/storage/sqlite/call_batch.hpp"
#include "core/storage/sqlite/fold.hpp"
#include "core/storage/sqlite/months.hpp"
#include "core/storage/sqlite/query.hpp"
#include "core/storage/sqlite/rollup.hpp"
#include "core/storage/store.hpp"

#include <string>

namespace obliv::storage::sqlite {

/// What every aggregate needs. Outlives the session.
struct Context {
    Connection& connection;
    const MasterKey& master_key;
    const Clock& clock;
};

void read_call(Query& query, Call& call);

/// Columns of a price version, without tenant and model.
inline constexpr std::string_view price_columns =
    "id, input, output, cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, "
    "reasoning, audio_out, per_call, per_image, per_second, per_character, per_search, "
    "batch, tiers";
void read_price(Query& query, llm::Price& price);

class SqliteTokens final : public TokenStore {
public:
    explicit SqliteTokens(const Context& context) : context_(context) {}
    Result<std::vector<Token>> all() override;
    Result<Page<Token>> page(const PageRequest& request) override;
    Result<Token> get(TokenId id) override;
    Result<Token> find(std::string_view name) override;
    Result<TokenId> insert(const Token& token) override;
    Result<void> update(const Token& token) override;
    Result<void> remove(TokenId id) override;

private:
    const Context& context_;
};

class SqliteChannels final : public ChannelStore {
public:
    explicit SqliteChannels(const Context& context) : context_(context) {}
    Result<std::vector<Channel>> all() override;
    Result<Page<Channel>> page(const PageRequest& request) override;
    Result<Channel> get(ChannelId id) override;
    Result<Channel> find(std::string_view name) override;
    Result<ChannelId> insert(const Channel& channel) override;
    Result<void> update(const Channel& channel) override;
    Result<void> remove(ChannelId id) override;
    Result<void> append_event(const ChannelEvent& event) override;
    Result<Page<ChannelEvent>> events(ChannelId id, const PageRequest& request) override;

private:
    Result<void> read_keys(Channel& channel);
    Result<void> write_keys(ChannelId id, const std::vector<Secret>& keys);
    const Context& context_;
};

class SqlitePrices final : public PriceStore {
public:
    explicit SqlitePrices(const Context& context) : context_(context) {}
    Result<std::vector<PriceRow>> current(WallTime now) override;
    Result<std::optional<WallTime>> next_change(WallTime now) override;
    Result<std::vector<PriceRow>> history(std::string_view model) override;
    Result<PriceRow> get(PriceId id) override;
    Result<PriceId> append(const PriceRow& row) override;

private:
    const Context& context_;
};

class SqliteProviders final : public ProviderStore {
public:
    explicit SqliteProviders(const Context& context) : context_(context) {}
    Result<std::vector<ProviderRow>> all() override;
    Result<ProviderRow> find(std::string_view name) override;
    Result<std::vector<ProviderRow>> history(std::string_view name) override;
    Result<ProviderRow> append(const ProviderRow& row) override;

private:
    const Context& context_;
};

class SqliteAccounts final : public AccountStore {
public:
    explicit SqliteAccounts(const Context& context) : context_(context) {}
    Result<std::vector<Account>> all() override;
    Result<Page<Account>> page(const PageRequest& request) override;
    Result<Account> get(AccountId id) override;
    Result<Account> find(std::string_view name) override;
    Result<AccountId> insert(const Account& account) override;
    Result<void> update(const Account& account) override;

private:
    const Context& context_;
};

class SqliteUsage final : public UsageStore {
public:
    explicit SqliteUsage(const Context& context) : context_(context) {}
    Result<Page<Call>> page(const UsageFilter& filter, const PageRequest& request) override;
    Result<Call> get(std::string_view request_id) override;
    Result<std::vector<UsageGroup>> report(const UsageFilter& filter,
                                           const std::vector<UsageKey>& by) override;
    Result<std::vector<BusinessRow>> business(const UsageFilter& filter, bool monthly) override;
    Result<RetireStep> retire(WallTime before, std::int64_t rows_max) override;
    Result<std::string> record(ChargeId id) override;
    Result<std::vector<AttemptGroup>> attempts(const UsageFilter& filter) override;

private:
    Result<std::optional<Call>> find_in_month(std::int64_t month, std::string_view request_id);
    const Context& context_;
};

class SqliteLedger final : public LedgerStore {
public:
    explicit SqliteLedger(const Context& context)
        : context_(context), months_(context.connection), fold_(context.connection),
          rollup_(context.connection) {}
    Result<void> append(std::span<const Call* const> calls) override;
    Result<Transfer> transfer(const Transfer& transfer) override;
    Result<std::optional<Transfer>> find_transfer(std::string_view operation_id) override;
    Result<std::vector<ledger::Lot>> lots(AccountId account) override;
    Result<Money> leaving(AccountId account) override;
    Result<std::vector<AccountId>> expired(WallTime now, AccountId after, int count_max) override;
    Result<Page<Entry>> entries(const EntryFilter& filter, const PageRequest& request) override;
    Result<Statement> statement(AccountId account, WallTime since, WallTime until) override;
    Result<Page<StatementLine>> statement_lines(AccountId account, WallTime since, WallTime until,
                                                const PageRequest& request) override;
    Result<FoldStep> fold(ChargeId limit, std::int64_t rows_max) override;
    Result<ChargeId> watermark() override;
    Result<FoldStep> roll_up(ChargeId limit, std::int64_t rows_max) override;
    Result<LedgerTotals> totals() override;
    Result<std::int64_t> newest_id() override;
    Result<LedgerReport> verify() override;
    /// What was appended last may not be stored after all: a transaction was rolled back.
    void rolled_back() noexcept {
        fold_.forget();
        rollup_.forget();
        months_.forget();
    }

private:
    Result<void> append_one(const Call& call);
    Result<void> insert_new_charges(std::span<const Call* const> rows);
    Result<void> insert_charges(std::string_view how, std::string_view id);
    Result<void> insert_rows(std::span<const Call* const> rows);
    Result<void> insert_usage(std::span<const Call* const> rows);
    Result<void> same_call(const Call& call);

    const Context& context_;
    // Of the connection that writes.
    std::unique_ptr<CallBatch> batch_;
    MonthWriter months_;
    Fold fold_;
    RollUp rollup_;
};

class SqliteResponses final : public ResponseStore {
public:
    explicit SqliteResponses(const Context& context) : context_(context) {}
    Result<void> put(const StoredResponse& response) override;
    Result<StoredResponse> get(AccountId account, std::string_view id) override;
    Result<std::vector<StoredResponse>> chain(AccountId account, std::string_view id,
                                              int count_max) override;
    Result<void> remove(AccountId account, std::string_view id) override;
    Result<std::int64_t> sweep(WallTime before, int count_max) override;

private:
    const Context& context_;
};

class SqliteNotices final : public NoticeStore {
public:
    explicit SqliteNotices(const Context& context) : context_(context) {}
    Result<void> append(const NoticeRow& row) override;
    Result<Page<NoticeRow>> page(std::string_view kind, const PageRequest& request) override;
    Result<std::vector<BalanceMarkRow>> marks() override;
    Result<void> set_mark(const BalanceMarkRow& mark) override;

private:
    const Context& context_;
};

class SqliteObjects final : public ObjectStore {
public:
    explicit SqliteObjects(const Context& context) : context_(context) {}
    Result<void> put(const StoredObject& object) override;
    Result<StoredObject> get(AccountId account, ObjectKind kind, std::string_view id) override;
    Result<std::vector<StoredObject>> list(AccountId account, ObjectKind kind,
                                           const ObjectPage& page) override;
    Result<void> remove(AccountId account, ObjectKind kind, std::string_view id) override;
    Result<Settlement> settle(AccountId account, std::string_view id,
                              const ChargeMark& mark) override;
    Result<void> confirm(AccountId account, std::string_view id) override;
    Result<void> unsettle(AccountId account, std::string_view id) override;
    Result<void> resolve_marks() override;

private:
    const Context& context_;
};

class SqliteRepeats final : public RepeatStore {
public:
    explicit SqliteRepeats(const Context& context) : context_(context) {}
    Result<std::optional<RepeatRow>> find(const Sha256& key) override;
    Result<void> put(const RepeatRow& row) override;
    Result<void> remove(const Sha256& key, const CallMark& call) override;
    Result<bool> was_charged(const CallMark& call, ChargeId below) override;
    Result<void> sweep(WallTime before, std::int64_t bytes_max) override;
    Result<std::int64_t> bytes() override;

private:
    Result<std::vector<RepeatRow>> oldest_beyond(std::int64_t bytes_max);

    const Context& context_;
};

class SqliteCaptures final : public CaptureStore {
public:
    explicit SqliteCaptures(const Context& context) : context_(context) {}
    Result<void> put(const Capture& capture) override;
    Result<std::vector<Capture>> find(std::string_view request_id, int limit) override;
    Result<std::int64_t> sweep(WallTime before, std::int64_t bytes_max, int count_max) override;

private:
    const Context& context_;
};

class SqliteRedeemCodes final : public RedeemCodeStore {
public:
    explicit SqliteRedeemCodes(const Context& context) : context_(context) {}
    Result<void> insert(std::span<RedeemCode> codes) override;
    Result<Page<RedeemCode>> page(const RedeemFilter& filter, const PageRequest& request) override;
    Result<RedeemCode> find(const Sha256& digest) override;
    Result<void> use(std::int64_t id, WallTime now, AccountId account, TokenId token) override;
    Result<std::int64_t> revoke(std::int64_t id, WallTime now) override;
    Result<std::int64_t> revoke_batch(std::string_view batch, WallTime now) override;

private:
    const Context& context_;
};

class SqliteBudgets final : public BudgetStore {
public:
    explicit SqliteBudgets(const Context& context) : context_(context) {}
    Result<std::vector<Budget>> all() override;
    Result<Budget> get(BudgetId id) override;
    Result<BudgetId> insert(const Budget& budget) override;
    Result<void> set_amount(BudgetId id, Money amount) override;
    Result<void> remove(BudgetId id) override;
    Result<bool> has_user(UserId user) override;

private:
    const Context& context_;
};

class SqliteSession final : public Session {
public:
    explicit SqliteSession(const Context& context)
        : tokens_(context), channels_(context), prices_(context), providers_(context),
          accounts_(context), usage_(context), ledger_(context), responses_(context),
          notices_(context), objects_(context), repeats_(context), captures_(context),
          redeem_codes_(context), budgets_(context) {}
    TokenStore& tokens() override { return tokens_; }
    ChannelStore& channels() override { return channels_; }
    PriceStore& prices() override { return prices_; }
    ProviderStore& providers() override { return providers_; }
    AccountStore& accounts() override { return accounts_; }
    UsageStore& usage() override { return usage_; }
    LedgerStore& ledger() override { return ledger_; }
    ResponseStore& responses() override { return responses_; }
    NoticeStore& notices() override { return notices_; }
    ObjectStore& objects() override { return objects_; }
    RepeatStore& repeats() override { return repeats_; }
    CaptureStore& captures() override { return captures_; }
    void rolled_back() noexcept { ledger_.rolled_back(); }
    RedeemCodeStore& redeem_codes() override { return redeem_codes_; }
    BudgetStore& budgets() override { return budgets_; }

private:
    SqliteTokens tokens_;
    SqliteChannels channels_;
    SqlitePrices prices_;
    SqliteProviders providers_;
    SqliteAccounts accounts_;
    SqliteUsage usage_;
    SqliteLedger ledger_;
    SqliteResponses responses_;
    SqliteNotices notices_;
    SqliteObjects objects_;
    SqliteRepeats repeats_;
    SqliteCaptures captures_;
    SqliteRedeemCodes redeem_codes_;
    SqliteBudgets budgets_;
};

/// All rows of a statement, `read(query, row)` filling each.
template <typename Row, typename Read>
Result<std::vector<Row>> read_all(Query& query, Read read) {
    std::vector<Row> rows;
    for (;;) {
        auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return rows;
        read(query, rows.emplace_back());
    }
}

/// The only row of a statement; `what` goes into the not_found.
template <typename Row, typename Read>
Result<Row> read_one(Query& query, std::string_view what, Read read) {
    auto row = query.step();
    if (!row)
        return row.error();
    if (!*row)
        return fail(Code::not_found, "there is no " + std::string(what));
    Row result;
    read(query, result);
    return result;
}

/// The result of a write whose only constraint is a name: `conflict` says so in words.
Result<void> named(Result<void> done, std::string_view kind, std::string_view name);

/// not_found unless the last statement changed a row.
Result<void> changed_one(Connection& connection, Result<void> done, std::string_view what);

}  // namespace obliv::storage::sqlite
