#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::storage;
using namespace obliv::test;

TEST_CASE("a capture is kept until it is swept", "[storage]") {
    TestStore store;
    for (int i = 1; i <= 5; ++i)
        must(store.write([&](Session& s) {
            return s.captures().put({"r" + std::to_string(i), from_unix_nanos(i * 1000), "asked\n",
                                     "said \xff", i == 2, i == 3});
        }));
    auto get = [&](std::string id) {
        return store.read([&](Session& s) { return s.captures().get(id); });
    };
    auto second = must(get("r2"));
    CHECK(second.time == from_unix_nanos(2000));
    CHECK(second.request == "asked\n");
    CHECK(second.reply == "said \xff");
    CHECK(second.request_cut);
    CHECK_FALSE(second.reply_cut);
    auto sweep = [&](std::int64_t before, int most) {
        return must(store.write(
            [&](Session& s) { return s.captures().sweep(from_unix_nanos(before), most); }));
    };
    CHECK(sweep(3000, 1) == 1);
    CHECK(get("r1").error().code == Code::not_found);
    CHECK(get("r2"));
    CHECK(sweep(3000, 10) == 1);
    CHECK(sweep(3000, 10) == 0);
    CHECK(get("r3"));
}
