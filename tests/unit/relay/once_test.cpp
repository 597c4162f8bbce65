#include "daemon/relay/once.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::relay;
using namespace std::chrono_literals;

namespace {

KeptReplyPtr reply_of(std::size_t bytes) {
    return std::make_shared<const KeptReply>(KeptReply{"text/plain", std::string(bytes, 'x'), {}});
}

Sha256 key(int number) {
    return *repeat_key(1, "/v1/x", std::to_string(number));
}

}  // namespace

TEST_CASE("a call runs once, and its reply is kept for a day", "[relay]") {
    Repeats repeats;
    SteadyTime now{};
    auto first = repeats.begin(key(1), now);
    CHECK_FALSE(first.runs);
    CHECK_FALSE(first.reply);
    CHECK(repeats.begin(key(1), now).runs);
    CHECK_FALSE(repeats.begin(key(2), now).runs);
    repeats.end(key(1), reply_of(3), now);
    CHECK(repeats.begin(key(1), now + 23h).reply->body == "xxx");
    CHECK_FALSE(repeats.begin(key(1), now + 24h).reply);
    // That was a turn: it runs again.
    CHECK(repeats.begin(key(1), now + 24h).runs);
}

TEST_CASE("a call that failed leaves nothing behind", "[relay]") {
    Repeats repeats;
    repeats.begin(key(1), {});
    repeats.end(key(1), nullptr, {});
    auto again = repeats.begin(key(1), {});
    CHECK_FALSE(again.runs);
    CHECK_FALSE(again.reply);
}

TEST_CASE("the oldest replies go when there are too many, those that run stay", "[relay]") {
    Repeats repeats;
    repeats.begin(key(0), {});
    constexpr int many = 40;  // four megabytes each
    for (int number = 1; number <= many; ++number) {
        repeats.begin(key(number), {});
        repeats.end(key(number), reply_of(4U << 20), {});
    }
    CHECK(repeats.begin(key(0), {}).runs);
    CHECK(repeats.begin(key(many), {}).reply);
    CHECK_FALSE(repeats.begin(key(1), {}).reply);
}

TEST_CASE("a key belongs to an account and a path", "[relay]") {
    CHECK(*repeat_key(1, "/a", "k") == *repeat_key(1, "/a", "k"));
    CHECK(*repeat_key(1, "/a", "k") != *repeat_key(2, "/a", "k"));
    CHECK(*repeat_key(1, "/a", "k") != *repeat_key(1, "/b", "k"));
    CHECK_FALSE(repeat_key(1, "/a", ""));
    CHECK_FALSE(repeat_key(1, "/a", std::string(256, 'k')));
}
