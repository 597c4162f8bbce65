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

TEST_CASE("what is nowhere else is not pushed out of memory", "[relay]") {
    Repeats repeats;
    constexpr int many = 40;  // four megabytes each
    auto push = [&](int first, SteadyTime now) {
        for (int number = first; number < first + many; ++number) {
            repeats.begin(key(number), now);
            repeats.end(key(number), reply_of(4U << 20), now);
        }
    };
    for (int number : {1, 2}) {
        repeats.begin(key(number), {});
        repeats.end_unwritten({key(number), std::to_string(number), reply_of(3)}, {});
    }
    push(100, {});
    CHECK(repeats.begin(key(1), {}).reply->body == "xxx");
    CHECK_FALSE(repeats.begin(key(100), {}).reply);
    // Each in turn, so that one that cannot be written holds up no other.
    CHECK(repeats.next_unwritten()->request_id == "1");
    CHECK(repeats.next_unwritten()->request_id == "2");
    CHECK(repeats.next_unwritten()->request_id == "1");
    repeats.written(key(1));
    repeats.written(key(1));
    CHECK(repeats.next_unwritten()->request_id == "2");
    push(200, SteadyTime(1h));
    CHECK_FALSE(repeats.begin(key(1), SteadyTime(1h)).reply);
    CHECK(repeats.begin(key(2), SteadyTime(1h)).reply);
    // A day is enough for it, too.
    CHECK_FALSE(repeats.begin(key(2), SteadyTime(24h)).reply);
    CHECK_FALSE(repeats.next_unwritten());
}

TEST_CASE("a key belongs to an account and a path", "[relay]") {
    CHECK(*repeat_key(1, "/a", "k") == *repeat_key(1, "/a", "k"));
    CHECK(*repeat_key(1, "/a", "k") != *repeat_key(2, "/a", "k"));
    CHECK(*repeat_key(1, "/a", "k") != *repeat_key(1, "/b", "k"));
    CHECK_FALSE(repeat_key(1, "/a", ""));
    CHECK_FALSE(repeat_key(1, "/a", std::string(256, 'k')));
}
