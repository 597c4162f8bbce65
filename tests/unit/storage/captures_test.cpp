#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::storage;
using namespace obliv::test;

namespace {

Capture sample(std::int64_t number, const std::string& request_id) {
    Capture out;
    out.request_id = request_id;
    out.time = from_unix_nanos(number * 1000);
    out.account = AccountId{10 + number};
    out.token = TokenId{20 + number};
    out.model = "m";
    out.request = "asked\n";
    out.reply = "said \xff";
    out.request_cut = number == 2;
    out.reply_cut = number == 3;
    return out;
}

void put(TestStore& store, const Capture& capture) {
    must(store.write([&](Session& s) { return s.captures().put(capture); }));
}

std::vector<Capture> find(TestStore& store, const std::string& id, int limit = 10) {
    return must(store.read([&](Session& s) { return s.captures().find(id, limit); }));
}

}  // namespace

TEST_CASE("a capture is kept until it is swept", "[storage]") {
    TestStore store;
    for (std::int64_t i = 1; i <= 5; ++i)
        put(store, sample(i, "r" + std::to_string(i)));
    auto second = find(store, "r2").at(0);
    CHECK(second.time == from_unix_nanos(2000));
    CHECK(second.account == AccountId{12});
    CHECK(second.token == TokenId{22});
    CHECK(second.model == "m");
    CHECK(second.request == "asked\n");
    CHECK(second.reply == "said \xff");
    CHECK(second.request_cut);
    CHECK_FALSE(second.reply_cut);
    auto sweep = [&](std::int64_t before, std::int64_t bytes, int most) {
        return must(store.write(
            [&](Session& s) { return s.captures().sweep(from_unix_nanos(before), bytes, most); }));
    };
    constexpr std::int64_t much = 1 << 20;
    CHECK(sweep(3000, much, 1) == 1);
    CHECK(find(store, "r1").empty());
    CHECK(find(store, "r2").size() == 1);
    CHECK(sweep(3000, much, 10) == 1);
    CHECK(sweep(3000, much, 10) == 0);
    CHECK(find(store, "r3").size() == 1);
    // Three are left, of some 270 bytes each.
    CHECK(sweep(0, 600, 10) == 1);
    CHECK(find(store, "r3").empty());
    CHECK(sweep(0, 600, 10) == 0);
    CHECK(sweep(0, 0, 1) == 1);
    CHECK(find(store, "r5").size() == 1);
}

TEST_CASE("a client's name for its request hides nobody else's", "[storage]") {
    TestStore store;
    put(store, sample(1, "same"));
    put(store, sample(2, "same"));
    auto both = find(store, "same");
    REQUIRE(both.size() == 2);
    CHECK(both[0].account == AccountId{12});
    CHECK(both[1].account == AccountId{11});
    CHECK(find(store, "same", 1).size() == 1);
}
