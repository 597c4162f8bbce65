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
        return must(
            store.write([&](Session& s) { return s.objects().settle(admin_account, "b", mark); }));
    };
    CHECK(settle({"r1", "run-1"}));
    CHECK_FALSE(settle({"r2", "run-1"}));
    put(store, sample("b", ObjectKind::batch));
    CHECK_FALSE(settle({"r3", "run-1"}));
    // That run died before it charged; the next one dies afterwards.
    CHECK(settle({"r4", "run-2"}));
    auto call = test::sample_call(1, admin_account);
    call.request_id = "r4";
    const Call* rows[] = {&call};
    REQUIRE(store.write([&](Session& s) { return s.ledger().append(rows); }));
    CHECK_FALSE(settle({"r5", "run-3"}));
    REQUIRE(store.write([](Session& s) { return s.objects().unsettle(admin_account, "b"); }));
    CHECK(settle({"r6", "run-3"}));
    CHECK_FALSE(must(store.write([](Session& s) {
        return s.objects().settle(admin_account, "none", {"r7", "run-3"});
    })));
}
