#pragma once

#include "core/base/random.hpp"
#include "daemon/billing/books.hpp"
#include "daemon/billing/till.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/temp_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace obliv::test {

/// A store, the books over it and one till, in a folder of its own. Accounts: `team` is prepaid,
/// `credit` has a limit of 50; model `asked` costs one nano-dollar for each token of output.
struct Shop {
    TempFolder folder;
    storage::Options store;
    billing::BooksOptions books_options;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<billing::Books> books;
    std::unique_ptr<billing::Till> till;
    AccountId team;
    AccountId credit;
    TokenId token;  ///< of team, no budget
    int calls = 0;

    template <typename Use>
    auto write(Use use) {
        return database->write(use);
    }

    explicit Shop(storage::WriterOptions writer = {}, std::uint32_t slots = 64) {
        store.path = folder.file("oblivd.db");
        store.writer = std::move(writer);
        books_options.ring_path = folder.file("intent.ring");
        books_options.ring_slots = slots;
        open();
        must(write([&](storage::Session& s) -> Result<void> {
            storage::Account account;
            account.tenant = storage::first_tenant;
            account.name = "team";
            team = must(s.accounts().insert(account));
            account.name = "credit";
            account.kind = storage::AccountKind::credit;
            account.credit_limit = Money::nanos(50);
            credit = must(s.accounts().insert(account));
            must(s.prices().append(nano_price("asked")));
            return ok();
        }));
        token = add_token("t", team, std::nullopt);
        must(books->refresh_accounts());
        must(books->refresh_prices());
    }
    ~Shop() { close(); }

    void open() {
        database = must(storage::Database::open(store));
        books = must(billing::Books::open(*database, books_options));
        till = std::make_unique<billing::Till>(*books, 0);
    }
    void close() {
        if (database)
            database->writer().stop();
        till.reset();
        books.reset();
        database.reset();
    }
    void reopen() {
        close();
        open();
    }
    TokenId add_token(const std::string& name, AccountId account, std::optional<Money> budget) {
        storage::Token row;
        row.tenant = storage::first_tenant;
        row.user = storage::first_user;
        row.account = account;
        row.name = name;
        row.digest = sha256(name);
        row.budget = budget;
        auto id = must(write([&](storage::Session& s) { return s.tokens().insert(row); }));
        must(books->refresh_token(id));
        return id;
    }
    billing::Ask ask(std::int64_t nanos, AccountId account, TokenId with = {}) {
        billing::Ask ask;
        ask.token = with;
        ask.account = account;
        ask.model = "asked";
        ask.at_most.output = nanos;
        return ask;
    }
    Result<billing::Hold> reserve(std::int64_t nanos, AccountId account, TokenId with = {}) {
        return till->reserve(ask(nanos, account, with));
    }
    storage::Call call(std::int64_t nanos, AccountId account, TokenId with = {}) {
        auto call = sample_call(0, account, {}, nanos);
        call.request_id = "request-" + std::to_string(++calls);
        call.token = with;
        call.held = call.cost = {};
        return call;
    }
    Result<billing::Receipt> pay(billing::Hold hold, std::int64_t nanos, AccountId account,
                                 TokenId with = {}) {
        return till->charge(std::move(hold), call(nanos, account, with));
    }
    void topup(AccountId account, std::int64_t nanos, const std::string& operation = {}) {
        must(books->topup(account, Money::nanos(nanos), operation, "test"));
    }
    ledger::BalanceFigures figures(AccountId account) { return *books->account_figures(account); }
    /// Returns when everything queued before is stored.
    void flush() {
        must(write([](storage::Session&) { return ok(); }));
    }
    std::vector<storage::Call> rows() {
        return must(database->read([](storage::Session& s) {
                   return s.usage().page({}, {0, 1000, false});
               }))
            .rows;
    }
};

}  // namespace obliv::test
