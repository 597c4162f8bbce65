#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::storage;
using test::must;
using test::TestStore;

namespace {

StoredObject sample(const std::string& id, ObjectKind kind = ObjectKind::file) {
    StoredObject out;
    out.id = id;
    out.kind = kind;
    out.tenant = first_tenant;
    out.account = admin_account;
    out.channel = ChannelId{7};
    out.key_index = 2;
    out.created = from_unix_nanos(5);
    out.json = "{}";
    return out;
}

void put(TestStore& store, const StoredObject& object) {
    REQUIRE(store.write([&](Session& s) { return s.objects().put(object); }));
}

std::vector<std::string> ids(TestStore& store, const ObjectPage& page,
                             AccountId account = admin_account) {
    auto rows = must(
        store.read([&](Session& s) { return s.objects().list(account, ObjectKind::file, page); }));
    std::vector<std::string> out;
    for (const auto& row : rows)
        out.push_back(row.id);
    return out;
}

}  // namespace

TEST_CASE("an object comes back to its own account only, with where it is", "[storage]") {
    TestStore store;
    put(store, sample("a"));
    auto again = sample("a");
    again.json = "[]";
    again.channel = ChannelId{9};
    put(store, again);
    store.reopen();
    auto row = must(store.read(
        [](Session& s) { return s.objects().get(admin_account, ObjectKind::file, "a"); }));
    CHECK(row.json == "[]");
    CHECK(row.channel == ChannelId{7});
    CHECK(row.key_index == 2);
    CHECK(row.created == from_unix_nanos(5));
    auto batch = store.read(
        [](Session& s) { return s.objects().get(admin_account, ObjectKind::batch, "a"); });
    CHECK(batch.error().code == Code::not_found);
    AccountId other{admin_account.value + 1};
    auto foreign =
        store.read([&](Session& s) { return s.objects().get(other, ObjectKind::file, "a"); });
    CHECK(foreign.error().code == Code::not_found);
    CHECK(ids(store, {}, other).empty());
}

TEST_CASE("objects are listed in both orders, page by page", "[storage]") {
    TestStore store;
    for (const char* id : {"a", "b", "c"})
        put(store, sample(id));
    put(store, sample("x", ObjectKind::batch));
    using Ids = std::vector<std::string>;
    CHECK(ids(store, {"", 2, true}) == Ids{"c", "b"});
    CHECK(ids(store, {"b", 2, true}) == Ids{"a"});
    CHECK(ids(store, {"a", 5, false}) == Ids{"b", "c"});
    CHECK(ids(store, {"unknown", 5, true}).empty());
    REQUIRE(store.write(
        [](Session& s) { return s.objects().remove(admin_account, ObjectKind::file, "b"); }));
    CHECK(ids(store, {}) == Ids{"c", "a"});
    auto twice = store.write(
        [](Session& s) { return s.objects().remove(admin_account, ObjectKind::file, "b"); });
    CHECK(twice.error().code == Code::not_found);
}

TEST_CASE("a batch is charged once", "[storage]") {
    TestStore store;
    put(store, sample("b", ObjectKind::batch));
    auto settle = [&](const ChargeMark& mark) {
        return must(store.write([&](Session& s) {
                   return s.objects().settle(admin_account, "b", mark);
               })) == Settlement::due;
    };
    auto mark = [](std::int64_t since, std::int64_t time) {
        return ChargeMark{ChargeId{since}, from_unix_nanos(time)};
    };
    auto charge = [&](std::int64_t id, std::int64_t time, AccountId account) {
        auto call = test::sample_call(id, account);
        call.time = from_unix_nanos(time);
        const Call* rows[] = {&call};
        REQUIRE(store.write([&](Session& s) { return s.ledger().append(rows); }));
    };
    auto begin_run = [&] {
        REQUIRE(store.write([](Session& s) { return s.objects().resolve_marks(); }));
    };
    CHECK(settle(mark(1, 100)));
    CHECK_FALSE(settle(mark(1, 101)));
    put(store, sample("b", ObjectKind::batch));
    CHECK_FALSE(settle(mark(1, 102)));
    // That run died before it charged, and others' charges are none of this one.
    charge(1, 99, admin_account);
    charge(2, 100, AccountId{admin_account.value + 1});
    begin_run();
    CHECK(settle(mark(4, 300)));
    // Of another time before, by the same clock.
    charge(3, 300, admin_account);
    begin_run();
    CHECK(settle(mark(4, 400)));
    charge(6, 400, admin_account);
    // That run died afterwards, and retention took the usage rows meanwhile.
    REQUIRE(store.write([](Session& s) { return s.ledger().roll_up(ChargeId{6}, 100); }));
    REQUIRE(store.write([](Session& s) { return s.ledger().fold(ChargeId{6}, 100); }));
    auto retired = must(store.write([](Session& s) {
        return s.usage().retire(from_unix_nanos(4'000'000'000'000'000'000), 100);
    }));
    CHECK(retired.rows == 4);
    begin_run();
    CHECK_FALSE(settle(mark(7, 500)));
    begin_run();
    CHECK_FALSE(settle(mark(7, 501)));
    REQUIRE(store.write([](Session& s) { return s.objects().unsettle(admin_account, "b"); }));
    CHECK(settle(mark(7, 502)));
    auto stands = [&](std::string_view id) {
        return must(store.write(
            [&](Session& s) { return s.objects().settle(admin_account, id, mark(8, 600)); }));
    };
    CHECK(stands("b") == Settlement::pending);
    REQUIRE(store.write([](Session& s) { return s.objects().confirm(admin_account, "b"); }));
    CHECK(stands("b") == Settlement::charged);
    begin_run();
    CHECK(stands("b") == Settlement::charged);
    CHECK(stands("none") == Settlement::charged);
}
