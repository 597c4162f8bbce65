// Money that expires, counted once more from all that has happened.
#include "tests/simulation/life.hpp"

#include "tests/support/calls.hpp"

namespace obliv::simulation {
namespace {

constexpr int page_entries = 1000;

/// One account's money, spent as a person would: what expires first goes first.
class Heaps {
public:
    void put(const Model::Transfer& topup) {
        lasting_ += topup.amount - topup.expiring;
        if (topup.expiring > 0)
            heaps_[{*topup.expires_at, topup.id}] = topup.expiring;
    }
    void spend(std::int64_t amount) {
        for (auto& [which, left] : heaps_) {
            auto part = std::min(left, amount);
            left -= part;
            amount -= part;
        }
        lasting_ -= amount;
        std::erase_if(heaps_, [](const auto& heap) { return heap.second == 0; });
    }
    void send(std::int64_t amount) { lasting_ -= amount; }

    std::int64_t expired(WallTime now) const {
        std::int64_t sum = 0;
        for (const auto& [which, left] : heaps_)
            sum += which.first <= now ? left : 0;
        return sum;
    }
    bool covered() const { return lasting_ >= 0 || heaps_.empty(); }
    /// What is left by the ids of the top-ups.
    std::map<std::int64_t, std::int64_t> left() const {
        std::map<std::int64_t, std::int64_t> out;
        for (const auto& [which, left] : heaps_)
            out[which.second] = left;
        return out;
    }

private:
    std::int64_t lasting_ = 0;
    std::map<std::pair<WallTime, std::int64_t>, std::int64_t> heaps_;
};

/// One of the three.
struct Event {
    std::int64_t cost = 0;
    const Model::Transfer* transfer = nullptr;
    const Model::Expiry* expiry = nullptr;
};

/// What happened to one account, by the ids of the events.
std::map<std::int64_t, Event> history_of(const Model& model, std::int64_t account) {
    std::map<std::int64_t, Event> history;
    for (const auto& [id, call] : model.calls)
        if (call.account == account)
            history[id].cost = call.cost;
    for (const auto& [operation, transfer] : model.transfers)
        if (transfer.booked && (transfer.source == account || transfer.target == account))
            history[transfer.id].transfer = &transfer;
    for (const auto& expiry : model.expiries)
        if (expiry.account == account)
            history[expiry.id].expiry = &expiry;
    return history;
}

void apply(const Event& event, std::int64_t account, Heaps& heaps) {
    const auto* transfer = event.transfer;
    if (event.expiry != nullptr)
        heaps.spend(event.expiry->amount);
    else if (transfer == nullptr)
        heaps.spend(event.cost);
    else if (transfer->target == account)
        heaps.put(*transfer);
    else if (transfer->target == 0)
        heaps.spend(transfer->amount);
    else
        heaps.send(transfer->amount);
}

}  // namespace

/// What the store says has expired: at the start of the daemon too, which nobody asked for.
void Life::collect_expiries() {
    auto newest = last_expiry_;
    for (auto& [account, purse] : model_.accounts) {
        std::int64_t found = 0;
        storage::PageRequest request{last_expiry_, page_entries, false};
        for (bool more = true; more;) {
            auto page = test::must(database_->read([&](storage::Session& s) {
                return s.ledger().entries({AccountId{account}, {}}, request);
            }));
            for (const auto& entry : page.rows)
                if (entry.kind == storage::EntryKind::expiry) {
                    found -= entry.amount.nanos();
                    newest = std::max(newest, entry.id);
                    model_.expiries.push_back({entry.id / ledger::entries_per_event, account,
                                               -entry.amount.nanos(), entry.time});
                }
            more = page.next.has_value();
            request.after = page.next.value_or(0);
        }
        expect(found >= model_.gone[account], "what has expired stays away");
        purse.granted -= found - model_.gone[account];
        model_.gone[account] = 0;
    }
    last_expiry_ = newest;
}

/// After a start and on a disk that works: all of the past is in the store.
void Life::compare_lots() {
    for (const auto& [account, purse] : model_.accounts) {
        Heaps heaps;
        for (const auto& [id, event] : history_of(model_, account)) {
            if (const auto* expiry = event.expiry)
                expect(expiry->amount <= heaps.expired(expiry->time), "only what has expired goes");
            apply(event, account, heaps);
            expect(heaps.covered(), "no more expires than there is");
        }
        std::map<std::int64_t, std::int64_t> real;
        for (const auto& lot : test::must(books_->lots(AccountId{account})))
            real[lot.id] = lot.left.nanos();
        expect(real == heaps.left(), "lots are spent in the order in which they expire");
        expect(heaps.expired(clock_.wall()) == 0, "a start leaves nothing that has expired");
    }
}

}  // namespace obliv::simulation
