#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::storage;
using test::must;
using test::TestStore;

namespace {

StoredResponse sample(const std::string& id, const std::string& previous = "",
                      std::int64_t created = 5) {
    StoredResponse out;
    out.id = id;
    out.tenant = first_tenant;
    out.account = admin_account;
    out.created = from_unix_nanos(created);
    out.previous = previous;
    out.input = "[\"" + id + "\"]";
    out.response = "{}";
    return out;
}

Result<void> put(TestStore& store, const StoredResponse& response) {
    return store.write([&](Session& s) { return s.responses().put(response); });
}

}  // namespace

TEST_CASE("a stored response comes back to its own account only", "[storage]") {
    TestStore store;
    REQUIRE(put(store, sample("r1")));
    store.reopen();
    auto row = must(store.read([](Session& s) { return s.responses().get(admin_account, "r1"); }));
    CHECK(row.input == "[\"r1\"]");
    CHECK(row.created == from_unix_nanos(5));
    AccountId other{admin_account.value + 1};
    auto foreign = store.read([&](Session& s) { return s.responses().get(other, "r1"); });
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().code == Code::not_found);

    // Nor can another account replace or remove it.
    auto theirs = sample("r1");
    theirs.account = other;
    theirs.input = "[]";
    REQUIRE(put(store, theirs));
    CHECK_FALSE(store.write([&](Session& s) { return s.responses().remove(other, "r1"); }));
    CHECK(must(store.read([](Session& s) {
              return s.responses().get(admin_account, "r1");
          })).input == "[\"r1\"]");

    REQUIRE(store.write([](Session& s) { return s.responses().remove(admin_account, "r1"); }));
    CHECK_FALSE(store.read([](Session& s) { return s.responses().get(admin_account, "r1"); }));
}

TEST_CASE("a conversation is read from its beginning", "[storage]") {
    TestStore store;
    REQUIRE(put(store, sample("r1")));
    REQUIRE(put(store, sample("r2", "r1")));
    REQUIRE(put(store, sample("r3", "r2")));
    auto read = [&](int count) {
        return store.read(
            [count](Session& s) { return s.responses().chain(admin_account, "r3", count); });
    };
    auto chain = must(read(10));
    REQUIRE(chain.size() == 3);
    CHECK(chain[0].id == "r1");
    CHECK(chain[2].id == "r3");
    auto too_long = read(2);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().code == Code::invalid_request);

    REQUIRE(store.write([](Session& s) { return s.responses().remove(admin_account, "r2"); }));
    auto broken = read(10);
    REQUIRE_FALSE(broken);
    CHECK(broken.error().code == Code::not_found);
}

TEST_CASE("old responses are swept a few at a time", "[storage]") {
    TestStore store;
    for (int i = 1; i <= 5; ++i)
        REQUIRE(put(store, sample("r" + std::to_string(i), "", i)));
    auto sweep = [&] {
        return must(
            store.write([](Session& s) { return s.responses().sweep(from_unix_nanos(4), 2); }));
    };
    CHECK(sweep() == 2);
    CHECK(sweep() == 1);
    CHECK(sweep() == 0);
    CHECK(store.read([](Session& s) { return s.responses().get(admin_account, "r4"); }));
}
