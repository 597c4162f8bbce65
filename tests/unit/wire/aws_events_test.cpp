#include "core/wire/aws_events.hpp"

#include "core/base/encoding.hpp"
#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

constexpr std::size_t bytes_max = 1U << 20;

/// `type name text payload` of each message, one in a line; `!` and the error if it broke.
std::string decoded(std::string_view bytes, std::size_t step, std::size_t limit = bytes_max) {
    AwsEventDecoder decoder(limit);
    std::string out;
    auto sink = [&out](const AwsMessage& message) {
        out.append(message.type).append(" ").append(message.name).append(" ");
        out.append(message.text).append(message.payload).append("\n");
    };
    for (std::size_t at = 0; at < bytes.size(); at += step)
        if (auto fed = decoder.feed(bytes.substr(at, step), sink); !fed)
            return out + "!" + fed.error().message;
    auto ended = decoder.finish();
    return ended ? out : out + "!" + ended.error().message;
}

std::string two_messages() {
    std::string bytes;
    append_aws_event(bytes, "contentBlockDelta", R"({"delta":{"text":"hi"}})");
    append_aws_exception(bytes, "throttlingException", R"({"message":"slow down"})");
    return bytes;
}

}  // namespace

TEST_CASE("messages of an AWS event stream are read however it is cut", "[wire]") {
    auto bytes = two_messages();
    std::string expected = "event contentBlockDelta {\"delta\":{\"text\":\"hi\"}}\n"
                           "exception throttlingException {\"message\":\"slow down\"}\n";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        CAPTURE(step);
        REQUIRE(decoded(bytes, step) == expected);
    }
}

TEST_CASE("the published example of a message is read", "[wire]") {
    // An empty message and one with a payload and no headers: the known encodings of the format.
    auto empty = from_hex("000000100000000005c248eb7d98c8ff");
    auto payload = from_hex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc36539"
                            "36");
    REQUIRE(empty);
    REQUIRE(payload);
    CHECK(decoded(*empty, 5) == "  \n");
    CHECK(decoded(*payload, 5) == "  {'foo':'bar'}\n");
}

TEST_CASE("every broken byte of an AWS event stream is noticed", "[wire]") {
    auto bytes = two_messages();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        CAPTURE(at);
        auto broken = bytes;
        broken[at] = static_cast<char>(broken[at] ^ 0x20);
        CHECK(decoded(broken, broken.size()).find('!') != std::string::npos);
    }
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        CAPTURE(size);
        auto out = decoded(bytes.substr(0, size), 3);
        bool between = out.find('!') == std::string::npos;
        // Only between the two messages does the rest look whole.
        CHECK(between == (out.find("contentBlockDelta") == 6 && out.back() == '\n'));
    }
}

TEST_CASE("a message over the limit is refused before it is kept", "[wire]") {
    std::string bytes;
    append_aws_event(bytes, "e", std::string(5000, 'x'));
    CHECK(decoded(bytes, 64, 4096).find("over 4096 bytes") != std::string::npos);
    CHECK(decoded(bytes, 64, 8192).find('!') == std::string::npos);
}

TEST_CASE("random bytes never pass for an AWS event stream", "[wire]") {
    Random random(11);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(16 + random.below(64), '\0');
        for (auto& c : bytes)
            c = static_cast<char>(random.below(256));
        CHECK(decoded(bytes, 7).find('!') == 0);
    }
}
