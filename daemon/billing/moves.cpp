// Money that moves without a call: in, out, from account to account, and back when it expires.

#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "daemon/billing/books.hpp"
#include "daemon/billing/sequence.hpp"

#include <algorithm>

namespace obliv::billing {
namespace {

using ledger::Balance;
using ledger::Transfer;
using ledger::TransferKind;

constexpr std::size_t operation_bytes_max = 128;
constexpr int expired_accounts_max = 100;

Error not_there(AccountId account) {
    return fail(Code::not_found, "there is no account " + account.text() +
                                     " that money could be moved into or out of");
}

Error has_only(AccountId account, Money amount) {
    return fail(Code::conflict,
                "account " + account.text() + " has only " + amount.text() + " USD available");
}

/// How much of a deposit will expire: what pays off a debt has been spent by then. What calls hold
/// is not spent; the two figures do not change together, but the first only by moves like this one.
Money expiring_part(const ledger::BalanceFigures& before, Money amount) {
    auto debt = std::min(before.granted - before.spent, Money{});
    return std::max(amount + debt, Money{});
}

}  // namespace

Result<Transfer> Books::topup(AccountId account, Money amount, std::string operation_id,
                              std::string reason, std::optional<WallTime> expires_at) {
    if (amount <= Money{})
        return fail(Code::invalid_request, "a top-up is more than zero; use adjust to take away");
    if (expires_at && *expires_at <= options_.clock->wall())
        return fail(Code::invalid_request, "a top-up expires at a time to come");
    Transfer transfer;
    transfer.source = ledger::funding_account;
    transfer.target = account;
    transfer.amount = amount;
    transfer.kind = TransferKind::topup;
    transfer.reason = std::move(reason);
    transfer.operation_id = std::move(operation_id);
    transfer.expires_at = expires_at;
    return move(std::move(transfer));
}

Result<Transfer> Books::adjust(AccountId account, Money amount, std::string operation_id,
                               std::string reason) {
    if (amount == Money{} || amount < -Balance::ceiling)
        return fail(Code::invalid_request, "an adjustment is an amount other than zero");
    bool out = amount < Money{};
    Transfer transfer;
    transfer.source = out ? account : ledger::funding_account;
    transfer.target = out ? ledger::funding_account : account;
    transfer.amount = out ? -amount : amount;
    transfer.kind = TransferKind::adjust;
    transfer.reason = std::move(reason);
    transfer.operation_id = std::move(operation_id);
    return move(std::move(transfer));
}

Result<Transfer> Books::transfer(AccountId source, AccountId target, Money amount,
                                 std::string operation_id, std::string reason) {
    if (amount <= Money{})
        return fail(Code::invalid_request, "a transfer is more than zero");
    if (source == target)
        return fail(Code::invalid_request, "a transfer goes from one account to another");
    Transfer transfer;
    transfer.source = source;
    transfer.target = target;
    transfer.amount = amount;
    transfer.kind = TransferKind::transfer;
    transfer.reason = std::move(reason);
    transfer.operation_id = std::move(operation_id);
    return move(std::move(transfer));
}

std::shared_ptr<Balance> Books::balance_of(AccountId account) const {
    auto now = view();
    const auto* found = now->accounts.find(account);
    return found == nullptr ? nullptr : found->balance;
}

Result<Transfer> Books::move(Transfer transfer) {
    if (transfer.operation_id.size() > operation_bytes_max)
        return fail(Code::invalid_request, "an operation id has at most 128 bytes");
    if (transfer.operation_id.empty())
        transfer.operation_id = new_sortable_id(options_.clock->wall());
    for (auto account : {transfer.source, transfer.target})
        if (account != ledger::funding_account && !balance_of(account))
            return not_there(account);
    // One at a time: a repeat that arrives meanwhile finds the first one finished.
    std::lock_guard lock(move_mutex_);
    auto before = database_.read([&](storage::Session& session) {
        return session.ledger().find_transfer(transfer.operation_id);
    });
    if (!before)
        return before.error();
    if (*before)
        return std::move(**before);
    if (transfer.kind == TransferKind::transfer)
        if (auto may = may_leave(transfer); !may)
            return may.error();
    return book(std::move(transfer));
}

/// Money that expires stays where it is: elsewhere it would be there for good.
Result<void> Books::may_leave(const Transfer& transfer) const {
    auto lots = database_.read(
        [&](storage::Session& session) { return session.ledger().lots(transfer.source); });
    if (!lots)
        return lots.error();
    if (lots->empty())
        return ok();
    auto figures = balance_of(transfer.source)->figures();
    auto lasting = figures.available + figures.held;
    for (const auto& lot : *lots)
        lasting -= lot.left;
    if (transfer.amount <= lasting)
        return ok();
    return fail(Code::conflict, "account " + transfer.source.text() + " has only " +
                                    std::max(lasting, Money{}).text() +
                                    " USD that do not expire, and others cannot be transferred");
}

/// What goes out is taken before it is stored, and what comes in is given after: in between nobody
/// can spend money that is not there.
Result<Transfer> Books::book(Transfer transfer, const Also& also) {
    // Null: funding, which nobody spends from.
    auto source = balance_of(transfer.source);
    auto target = balance_of(transfer.target);
    if (target && transfer.amount > Balance::ceiling - target->figures().granted)
        return fail(Code::invalid_request, "the amount is too large to account for");
    if (source && !source->withdraw(transfer.amount))
        return has_only(transfer.source, source->figures().available);
    transfer.time = options_.clock->wall();
    transfer.id = take_id();
    // Expiry, which nobody asks for twice.
    if (transfer.operation_id.empty())
        transfer.operation_id = "expiry-" + std::to_string(transfer.id);
    // After the id: calls with later ids spend of what comes in, all others have made the debt.
    if (target && transfer.expires_at)
        transfer.expiring = expiring_part(target->figures(), transfer.amount);
    auto stored = database_.write([&](storage::Session& session) -> Result<Transfer> {
        if (also)
            if (auto done = also(session, transfer); !done)
                return done.error();
        auto done = session.ledger().transfer(transfer);
        // Another one has the operation id: nothing was moved.
        if (done && done->id != transfer.id)
            return fail(Code::conflict, "the operation id '" + visible(transfer.operation_id) +
                                            "' is that of another transfer");
        return done;
    });
    sequence_->finished(transfer.id);
    if (stored && target)
        check(target->deposit(transfer.amount), "the ceiling was checked before");
    if (!stored && source)
        check(source->deposit(transfer.amount), "what was taken fits in again");
    return stored;
}

Result<std::vector<ledger::Lot>> Books::lots(AccountId account) {
    // What is being booked is seen whole: the balance shows it a moment before the store does.
    std::lock_guard lock(move_mutex_);
    if (auto done = fold_all(); !done)
        return done.error();
    return database_.read(
        [&](storage::Session& session) { return session.ledger().lots(account); });
}

Result<std::int64_t> Books::expire() {
    auto now = options_.clock->wall();
    std::int64_t count = 0;
    for (AccountId after;;) {
        auto accounts = database_.read([&](storage::Session& session) {
            return session.ledger().expired(now, after, expired_accounts_max);
        });
        if (!accounts)
            return accounts.error();
        for (auto account : *accounts) {
            auto done = expire(account, now);
            if (!done)
                return done.error();
            count += *done;
            after = account;
        }
        if (static_cast<int>(accounts->size()) < expired_accounts_max)
            break;
    }
    // The lots learn of it by the fold, which nobody else asks for while no call is made.
    if (count > 0)
        if (auto done = fold_all(); !done)
            return done.error();
    return count;
}

Result<std::int64_t> Books::expire(AccountId account, WallTime now) {
    // Nothing else moves meanwhile, so that the store and the balance differ by calls only.
    std::lock_guard lock(move_mutex_);
    auto balance = balance_of(account);
    if (!balance)
        return 0;
    ledger::ExpiryView seen;
    std::vector<ledger::Lot> lots;
    auto read = database_.read([&](storage::Session& session) -> Result<void> {
        auto open = session.ledger().lots(account);
        if (!open)
            return open.error();
        lots = std::move(*open);
        auto leaving = session.ledger().leaving(account);
        if (!leaving)
            return leaving.error();
        seen.leaving = *leaving;
        auto row = session.accounts().get(account);
        if (!row)
            return row.error();
        seen.stored = row->balance;
        return ok();
    });
    if (!read)
        return read.error();
    // After the store was read: calls that end in between make it look as if more were spent, and
    // the rest is booked out next time.
    auto figures = balance->figures();
    seen.available = figures.available;
    seen.held = figures.held;
    Transfer transfer;
    transfer.amount = ledger::expired_of(lots, seen, now);
    if (transfer.amount == Money{})
        return 0;
    transfer.source = account;
    transfer.target = ledger::funding_account;
    transfer.kind = TransferKind::expiry;
    transfer.reason = "expired";
    auto booked = book(std::move(transfer));
    if (booked)
        return 1;
    // A call was let in meanwhile: what it does not spend is booked out later.
    if (booked.error().code == Code::conflict)
        return 0;
    return booked.error();
}

}  // namespace obliv::billing
