#include "core/ledger/entries.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace obliv;
using ledger::EntryKind;
using ledger::Side;

namespace {

Money nanos(std::int64_t count) {
    return Money::nanos(count);
}

constexpr AccountId payer{42};

std::vector<ledger::Entry> charge(std::int64_t held, std::int64_t cost, std::int64_t loss) {
    return ledger::entries_of(
        ledger::ChargeFigures{ChargeId{5}, {}, payer, nanos(held), nanos(cost), nanos(loss)});
}

Money sum(const std::vector<ledger::Entry>& entries) {
    Money sum;
    for (const auto& entry : entries)
        sum += entry.amount;
    return sum;
}

Money balance(const std::vector<ledger::Entry>& entries, AccountId account) {
    Money sum;
    for (const auto& entry : entries)
        if (entry.account == account)
            sum += entry.amount;
    return sum;
}

Money side(const std::vector<ledger::Entry>& entries, Side which) {
    Money sum;
    for (const auto& entry : entries)
        if (entry.account == payer && entry.side == which)
            sum += entry.amount;
    return sum;
}

}  // namespace

TEST_CASE("the entries of any call sum to zero and leave nothing held", "[ledger]") {
    for (std::int64_t held : {0, 1, 50})
        for (std::int64_t cost : {0, 1, 49, 50, 51, 90})
            for (std::int64_t loss : {0, 7}) {
                auto entries = charge(held, cost, loss);
                CAPTURE(held, cost, loss);
                CHECK(sum(entries) == nanos(0));
                CHECK(side(entries, Side::held) == nanos(0));
                CHECK(side(entries, Side::available) == nanos(-cost));
                CHECK(balance(entries, ledger::revenue_account) == nanos(cost + loss));
                CHECK(balance(entries, ledger::loss_account) == nanos(-loss));
            }
}

TEST_CASE("a call below its reservation is reserved, settled and released", "[ledger]") {
    auto entries = charge(10, 4, 0);
    REQUIRE(entries.size() == 6);
    CHECK(entries[0].kind == EntryKind::reserve);
    CHECK(entries[2].kind == EntryKind::settle);
    CHECK(entries[4].kind == EntryKind::release);
    CHECK(entries[5].amount == nanos(6));
    CHECK(entries[0].call == ChargeId{5});
}

TEST_CASE("a call above its reservation takes the rest from what was available", "[ledger]") {
    auto entries = charge(10, 12, 3);
    std::map<EntryKind, int> kinds;
    for (const auto& entry : entries)
        ++kinds[entry.kind];
    CHECK(kinds[EntryKind::settle] == 4);
    CHECK(kinds[EntryKind::loss] == 2);
    CHECK(kinds[EntryKind::release] == 0);
}

TEST_CASE("entry ids are unique, in order, and belong to their event", "[ledger]") {
    auto entries = charge(10, 12, 3);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        CHECK(entries[i].id / ledger::entries_per_event == 5);
        if (i > 0)
            CHECK(entries[i].id > entries[i - 1].id);
    }
}

TEST_CASE("a free call has no entries", "[ledger]") {
    CHECK(charge(0, 0, 0).empty());
}

TEST_CASE("a transfer is two entries of its kind", "[ledger]") {
    ledger::Transfer transfer{9,          {},         ledger::funding_account,
                              payer,      nanos(100), ledger::TransferKind::topup,
                              "for june", "op-1"};
    auto entries = ledger::entries_of(transfer);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].account == ledger::funding_account);
    CHECK(entries[0].amount == nanos(-100));
    CHECK(entries[1].account == payer);
    CHECK(entries[1].amount == nanos(100));
    CHECK(entries[1].kind == EntryKind::topup);
    CHECK(entries[1].reason == "for june");
    CHECK_FALSE(entries[1].call);
    transfer.kind = ledger::TransferKind::adjust;
    CHECK(ledger::entries_of(transfer)[0].kind == EntryKind::adjust);
}

TEST_CASE("kinds and sides have the names that the API shows", "[ledger]") {
    CHECK(ledger::name_of(EntryKind::reserve) == "reserve");
    CHECK(ledger::name_of(EntryKind::settle) == "settle");
    CHECK(ledger::name_of(EntryKind::release) == "release");
    CHECK(ledger::name_of(EntryKind::loss) == "loss");
    CHECK(ledger::name_of(ledger::TransferKind::topup) == "topup");
    CHECK(ledger::name_of(ledger::TransferKind::adjust) == "adjust");
    CHECK(ledger::name_of(ledger::TransferKind::transfer) == "transfer");
    CHECK(ledger::name_of(Side::held) == "held");
    CHECK(ledger::name_of(Side::available) == "available");
}
