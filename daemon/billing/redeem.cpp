#include "core/ledger/redeem_text.hpp"
#include "daemon/billing/books.hpp"

namespace obliv::billing {
namespace {

using ledger::Transfer;
using storage::RedeemCode;
using storage::Session;

std::string operation_of(const RedeemCode& code) {
    return "redeem-" + std::to_string(code.id);
}

Error unknown_code() {
    return fail(Code::not_found, "this code is not known here: check it for mistakes");
}

Result<void> still_good(const RedeemCode& code, WallTime now) {
    if (code.used_at)
        return fail(Code::conflict, "this code was used already");
    if (code.revoked_at)
        return fail(Code::conflict, "this code was revoked");
    if (code.expires_at && *code.expires_at <= now)
        return fail(Code::conflict, "this code has expired");
    return ok();
}

}  // namespace

Result<Transfer> Books::redeem(std::string_view typed, AccountId account, TokenId token) {
    if (!balance_of(account))
        return fail(Code::not_found, "account " + account.text() + " cannot hold money");
    // One at a time: nobody else marks a code as used.
    std::lock_guard lock(move_mutex_);
    auto steady = options_.clock->steady();
    if (auto wait = guesses_.wait(account, steady)) {
        auto error = fail(Code::rate_limited, "too many codes were wrong; try again later");
        error.retry_after = *wait;
        return error;
    }
    auto code = find_code(typed);
    if (!code) {
        if (code.error().code == Code::not_found)
            guesses_.was_wrong(account, steady);
        return code.error();
    }
    if (code->used_at && code->account == account) {
        // The answer to the first try was lost on its way.
        auto first = database_.read(
            [&](Session& session) { return session.ledger().find_transfer(operation_of(*code)); });
        if (!first)
            return first.error();
        if (*first)
            return std::move(**first);
    }
    auto now = options_.clock->wall();
    if (auto good = still_good(*code, now); !good)
        return good.error();
    Transfer transfer;
    transfer.source = ledger::funding_account;
    transfer.target = account;
    transfer.amount = code->amount;
    transfer.kind = ledger::TransferKind::topup;
    transfer.reason = "code " + code->prefix + " of batch " + code->batch;
    transfer.operation_id = operation_of(*code);
    if (code->lasts)
        transfer.expires_at = now + *code->lasts;
    return book(std::move(transfer), [&](Session& session, const Transfer&) {
        return session.redeem_codes().use(code->id, now, account, token);
    });
}

Result<RedeemCode> Books::find_code(std::string_view typed) const {
    auto plain = ledger::plain_redeem_code(typed);
    if (!plain)
        return unknown_code();
    auto digest = sha256(*plain);
    auto code =
        database_.read([&](Session& session) { return session.redeem_codes().find(digest); });
    if (!code && code.error().code == Code::not_found)
        return unknown_code();
    return code;
}

}  // namespace obliv::billing
