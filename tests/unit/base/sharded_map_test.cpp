#include "core/base/sharded_map.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

using obliv::ShardedMap;

namespace {

using Map = ShardedMap<std::int64_t, std::int64_t>;
using Model = std::map<std::int64_t, std::int64_t>;

/// What others may read is changed no more: the newest copy is.
struct Version {
    Map map;
    Model model;
};

Model contents(const Map& map) {
    Model all;
    map.each([&](std::int64_t key, std::int64_t value) { CHECK(all.emplace(key, value).second); });
    return all;
}

}  // namespace

TEST_CASE("a copy of a sharded map changes without the one before", "[sharded_map]") {
    auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    std::vector<Version> versions(1);
    for (int step = 0; step < 5000; ++step) {
        if (random() % 200 == 0)
            versions.push_back(Version(versions[random() % versions.size()]));
        auto& [map, model] = versions.back();
        auto key = static_cast<std::int64_t>(random() % 1500);
        if (random() % 3 == 0) {
            map.erase(key);
            model.erase(key);
        } else {
            map.set(key, step);
            model[key] = step;
        }
        REQUIRE(map.size() == model.size());
    }
    for (const auto& [map, model] : versions) {
        CHECK(contents(map) == model);
        for (std::int64_t key = 0; key < 1500; ++key) {
            const auto* found = map.find(key);
            auto expected = model.find(key);
            REQUIRE((found != nullptr) == (expected != model.end()));
            if (found != nullptr)
                CHECK(*found == expected->second);
        }
    }
}

TEST_CASE("a change of a copy leaves nearly all of it shared", "[sharded_map]") {
    Map all;
    for (std::int64_t key = 0; key < 10'000; ++key)
        all.set(key, key);
    auto changed = all;
    changed.set(77, 1);
    changed.erase(78);
    std::size_t shared = 0;
    for (std::int64_t key = 0; key < 10'000; ++key)
        shared += all.find(key) == changed.find(key) ? 1 : 0;
    CHECK(shared > 9'900);
    CHECK(*all.find(77) == 77);
    CHECK(all.find(78) != nullptr);
}
