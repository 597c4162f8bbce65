// Money that moves without a call, and time that passes.
#include "tests/simulation/life.hpp"

#include "core/base/digest.hpp"
#include "core/ledger/redeem_text.hpp"
#include "tests/support/calls.hpp"

namespace obliv::simulation {
namespace {

constexpr std::chrono::minutes minute{1};

}  // namespace

/// Some ids come again, whatever became of the first.
std::string Life::some_operation() {
    return std::to_string(random_.below(1 + static_cast<std::uint64_t>(requests_) / 4 + 50));
}

/// What is left of a deposit when it has paid off the debt.
std::int64_t Life::expiring_part(AccountId account, std::int64_t amount) {
    auto debt = std::min<std::int64_t>(model_.accounts[account.value].total(), 0);
    return std::max<std::int64_t>(amount + debt, 0);
}

void Life::topup() {
    Model::Transfer wanted;
    wanted.target = some_account().value;
    wanted.amount = static_cast<std::int64_t>(random_.below(6000)) + 1;
    move(wanted, false);
}

void Life::topup_for_a_while() {
    Model::Transfer wanted;
    auto account = some_account();
    wanted.target = account.value;
    wanted.amount = static_cast<std::int64_t>(random_.below(3000)) + 1;
    wanted.expires_at = clock_.wall() + (1 + random_.below(240)) * minute;
    wanted.expiring = expiring_part(account, wanted.amount);
    move(wanted, false);
}

void Life::adjust() {
    Model::Transfer wanted;
    wanted.amount = static_cast<std::int64_t>(random_.below(300)) + 1;
    (random_.below(2) == 0 ? wanted.source : wanted.target) = some_account().value;
    move(wanted, true);
}

void Life::transfer() {
    auto source = some_account();
    Model::Transfer wanted;
    wanted.source = source.value;
    wanted.target = (source == team_ ? credit_ : team_).value;
    wanted.amount = static_cast<std::int64_t>(random_.below(2000)) + 1;
    move(wanted, false);
}

void Life::move(Model::Transfer wanted, bool adjusts) {
    auto operation = some_operation();
    auto money = Money::nanos(wanted.amount);
    auto done =
        adjusts && wanted.source != 0
            ? books_->adjust(AccountId{wanted.source}, -money, operation, "")
        : adjusts ? books_->adjust(AccountId{wanted.target}, money, operation, "")
        : wanted.source != 0
            ? books_->transfer(AccountId{wanted.source}, AccountId{wanted.target}, money, operation,
                               "")
            : books_->topup(AccountId{wanted.target}, money, operation, "", wanted.expires_at);
    moved(model_.transfers[operation], wanted, done);
}

void Life::moved(Model::Transfer& known, Model::Transfer wanted,
                 const Result<storage::Transfer>& done) {
    note(done ? 3 : 4);
    if (done && known.booked) {
        expect(done->amount.nanos() == known.amount && done->id == known.id,
               "a repeat answers the first");
        return;
    }
    if (done) {
        known = wanted;
        known.booked = true;
        known.id = done->id;
        model_.book(known);
        return;
    }
    auto code = done.error().code;
    const auto* source = wanted.source == 0 ? nullptr : &model_.accounts[wanted.source];
    bool short_of =
        code == Code::conflict && source != nullptr &&
        // Money that expires is no money that leaves: compare_lots() sees that none of it does.
        (wanted.target != 0 || source->available() - wanted.amount < source->floor);
    expect(short_of || disk_said_no(code), "what can be booked is booked");
    if (!known.booked && !short_of)
        known = wanted;
}

void Life::make_code() {
    // Twenty letters and digits, the same in each life of a seed.
    auto text = std::to_string(10'000'000'000'000'000'000U + random_.below(1'000'000'000'000));
    storage::RedeemCode row;
    row.tenant = storage::first_tenant;
    row.batch = "sim";
    row.digest = sha256(ledger::plain_redeem_code(text).value());
    row.prefix = text.substr(0, ledger::redeem_prefix_length);
    row.amount = Money::nanos(static_cast<std::int64_t>(random_.below(2000)) + 1);
    if (random_.below(2) == 0)
        row.lasts = (1 + random_.below(240)) * minute;
    storage::RedeemCode rows[] = {row};
    auto done =
        database_->write([&](storage::Session& s) { return s.redeem_codes().insert(rows); });
    if (done)
        model_.codes[rows[0].id] = {text, row.amount.nanos(), row.lasts};
    else
        expect(disk_said_no(done.error().code) || done.error().code == Code::conflict,
               "a code is made, or the disk fails");
}

/// Again and again, by either account: it is worth its money once.
void Life::redeem() {
    if (model_.codes.empty())
        return;
    auto code = std::next(model_.codes.begin(),
                          static_cast<std::ptrdiff_t>(random_.below(model_.codes.size())));
    auto account = some_account();
    auto& known = model_.transfers["redeem-" + std::to_string(code->first)];
    Model::Transfer wanted;
    wanted.target = account.value;
    wanted.amount = code->second.amount;
    if (code->second.lasts) {
        wanted.expires_at = clock_.wall() + *code->second.lasts;
        wanted.expiring = expiring_part(account, wanted.amount);
    }
    auto done = books_->redeem(code->second.text, account, {});
    if (!done && done.error().code == Code::conflict) {
        note(5);
        expect(known.booked && known.target != account.value, "a code is refused to another only");
        return;
    }
    expect(!done || !known.booked || known.target == account.value, "a code works once");
    moved(known, wanted, done);
}

void Life::expire() {
    std::map<std::int64_t, std::int64_t> before;
    for (const auto& [id, account] : model_.accounts)
        before[id] = books_->account_figures(AccountId{id})->granted.nanos();
    auto done = books_->expire();
    note(done ? 6 : 7);
    expect(done || disk_said_no(done.error().code), "what has expired goes, or the disk fails");
    // Some of it may be gone, whatever the answer.
    for (auto& [id, account] : model_.accounts) {
        auto gone = before[id] - books_->account_figures(AccountId{id})->granted.nanos();
        expect(gone >= 0 && gone <= std::max<std::int64_t>(account.available(), 0),
               "only money that is there goes");
        account.granted -= gone;
        model_.gone[id] += gone;
    }
}

void Life::pass_time() {
    clock_.advance(random_.below(20) == 0 ? random_.below(20) * 24 * 60 * minute
                                          : random_.below(180) * minute);
}

}  // namespace obliv::simulation
