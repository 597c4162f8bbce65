#include "daemon/channels/keys.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace obliv;
using namespace obliv::channels;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime start{1h};

std::vector<Secret> secrets(int count) {
    std::vector<Secret> out;
    for (int i = 0; i < count; ++i)
        out.emplace_back("sk-provider-key-" + std::to_string(i));
    return out;
}

std::shared_ptr<Keys> make(int count,
                           storage::KeyPolicy policy = storage::KeyPolicy::failure_aware) {
    storage::ChannelSettings settings;
    settings.key_policy = policy;
    return Keys::build(secrets(count), settings, nullptr);
}

}  // namespace

TEST_CASE("every policy uses each of a hundred keys, and about equally", "[channels]") {
    for (auto policy : {storage::KeyPolicy::failure_aware, storage::KeyPolicy::random,
                        storage::KeyPolicy::round_robin}) {
        auto keys = make(120, policy);
        Random random(7);
        std::map<std::size_t, int> used;
        for (int i = 0; i < 12'000; ++i)
            ++used[keys->choose(random, start).value()];
        CHECK(used.size() == 120);
        for (auto [key, count] : used) {
            CHECK(count > 50);
            CHECK(count < 150);
        }
    }
}

TEST_CASE("keys in turn go round without a repeat", "[channels]") {
    auto keys = make(3, storage::KeyPolicy::round_robin);
    Random random(1);
    std::vector<std::size_t> order;
    for (int i = 0; i < 6; ++i)
        order.push_back(keys->choose(random, start).value());
    CHECK(order == std::vector<std::size_t>{0, 1, 2, 0, 1, 2});
}

TEST_CASE("a key that fails three times in a row rests five minutes", "[channels]") {
    auto keys = make(1);
    Random random(1);
    CHECK(!keys->failed(0, Cause::rate_limited, std::nullopt, start));
    CHECK(!keys->failed(0, Cause::rate_limited, std::nullopt, start));
    keys->succeeded(0);
    CHECK(!keys->failed(0, Cause::rate_limited, std::nullopt, start));
    CHECK(!keys->failed(0, Cause::rate_limited, std::nullopt, start));
    CHECK(keys->failed(0, Cause::rate_limited, std::nullopt, start));
    CHECK(!keys->any_usable(start + 4min));
    CHECK(!keys->choose(random, start + 4min));
    CHECK((*keys)[0].state(start + 4min) == Key::State::resting);
    CHECK(keys->choose(random, start + 5min) == 0);
}

TEST_CASE("a key rests as long as its provider asks, five minutes at most", "[channels]") {
    auto keys = make(2);
    CHECK(keys->failed(0, Cause::rate_limited, 20s, start));
    CHECK((*keys)[0].rests_until(start) == start + 20s);
    CHECK(keys->failed(1, Cause::rate_limited, 1h, start));
    CHECK((*keys)[1].rests_until(start) == start + 5min);
    CHECK(!keys->any_usable(start + 19s));
    CHECK(keys->any_usable(start + 20s));
}

TEST_CASE("a refused key rests until a test of it goes well", "[channels]") {
    auto keys = make(2);
    Random random(1);
    CHECK(keys->failed(0, Cause::key_refused, std::nullopt, start));
    CHECK((*keys)[0].state(start + 24h) == Key::State::refused);
    for (int i = 0; i < 50; ++i)
        CHECK(keys->choose(random, start + 24h) == 1);
    CHECK(!keys->choose(random, start, 1));
    CHECK(keys->wake(0));
    CHECK(!keys->wake(0));
    CHECK(keys->choose(random, start, 1) == 0);
}

TEST_CASE("the failure-aware policy prefers the key that fails less", "[channels]") {
    auto keys = make(2);
    Random random(1);
    keys->failed(0, Cause::rate_limited, std::nullopt, start);
    int better = 0;
    for (int i = 0; i < 1000; ++i)
        better += keys->choose(random, start) == 1 ? 1 : 0;
    CHECK(better > 650);
    CHECK(better < 1000);
}

TEST_CASE("a key is used no more often in a minute than it may be", "[channels]") {
    storage::ChannelSettings settings;
    settings.key_requests_per_minute = 2;
    auto keys = Keys::build(secrets(2), settings, nullptr);
    Random random(1);
    for (int i = 0; i < 4; ++i) {
        auto key = keys->choose(random, start);
        REQUIRE(key);
        keys->began(*key, start);
    }
    CHECK(!keys->choose(random, start));
    CHECK(!keys->any_usable(start + 30s));
    CHECK(keys->choose(random, start + 60s));
}

TEST_CASE("a change of the keys keeps what is known of those that stay", "[channels]") {
    auto before = make(3);
    before->failed(1, Cause::key_refused, std::nullopt, start);
    auto texts = secrets(3);
    texts.erase(texts.begin());
    auto after = Keys::build(texts, {}, before.get());
    REQUIRE(after->size() == 2);
    CHECK((*after)[0].state(start) == Key::State::refused);
    CHECK((*after)[1].state(start) == Key::State::up);
    CHECK(after->find(key_id(texts[0])) == &(*after)[0]);
    CHECK(after->find("000000000000") == nullptr);
    // A channel without a key is called without one.
    auto none = Keys::build({}, {}, nullptr);
    Random random(1);
    CHECK(none->choose(random, start) == 0);
}
