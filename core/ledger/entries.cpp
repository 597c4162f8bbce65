#include "core/ledger/entries.hpp"

#include <algorithm>
#include <utility>

namespace obliv::ledger {
namespace {

/// Appends pairs of entries, numbered in order; a pair of zero leaves its numbers unused, so that
/// an entry's id does not depend on the amounts of the others.
class Postings {
public:
    Postings(std::int64_t event, WallTime time, ChargeId call, std::string reason)
        : next_(event * entries_per_event), time_(time), call_(call), reason_(std::move(reason)) {}

    void move(EntryKind kind, AccountId source, Side source_side, AccountId target,
              Side target_side, Money amount) {
        if (amount != Money{}) {
            entries_.push_back({next_, time_, source, source_side, -amount, kind, call_, reason_});
            entries_.push_back(
                {next_ + 1, time_, target, target_side, amount, kind, call_, reason_});
        }
        next_ += 2;
    }

    std::vector<Entry> take() && { return std::move(entries_); }

private:
    std::int64_t next_;
    WallTime time_;
    ChargeId call_;
    std::string reason_;
    std::vector<Entry> entries_;
};

EntryKind kind_of(TransferKind kind) noexcept {
    switch (kind) {
    case TransferKind::topup:
        return EntryKind::topup;
    case TransferKind::adjust:
        return EntryKind::adjust;
    case TransferKind::expiry:
        return EntryKind::expiry;
    case TransferKind::transfer:
        break;
    }
    return EntryKind::transfer;
}

}  // namespace

std::vector<Entry> entries_of(const ChargeFigures& charge) {
    using enum Side;
    auto payer = charge.account;
    auto from_held = std::min(charge.cost, charge.held);
    Postings postings(charge.id.value, charge.time, charge.id, {});
    postings.move(EntryKind::reserve, payer, available, payer, held, charge.held);
    postings.move(EntryKind::settle, payer, held, revenue_account, available, from_held);
    postings.move(EntryKind::settle, payer, available, revenue_account, available,
                  charge.cost - from_held);
    postings.move(EntryKind::loss, loss_account, available, revenue_account, available,
                  charge.loss);
    postings.move(EntryKind::release, payer, held, payer, available, charge.held - from_held);
    return std::move(postings).take();
}

std::vector<Entry> entries_of(const Transfer& transfer) {
    Postings postings(transfer.id, transfer.time, ChargeId{}, transfer.reason);
    postings.move(kind_of(transfer.kind), transfer.source, Side::available, transfer.target,
                  Side::available, transfer.amount);
    return std::move(postings).take();
}

std::string_view name_of(EntryKind kind) noexcept {
    switch (kind) {
    case EntryKind::reserve:
        return "reserve";
    case EntryKind::settle:
        return "settle";
    case EntryKind::release:
        return "release";
    case EntryKind::loss:
        return "loss";
    case EntryKind::topup:
        return "topup";
    case EntryKind::adjust:
        return "adjust";
    case EntryKind::expiry:
        return "expiry";
    case EntryKind::transfer:
        break;
    }
    return "transfer";
}

std::string_view name_of(TransferKind kind) noexcept {
    return name_of(kind_of(kind));
}

std::string_view name_of(Side side) noexcept {
    return side == Side::held ? "held" : "available";
}

}  // namespace obliv::ledger
