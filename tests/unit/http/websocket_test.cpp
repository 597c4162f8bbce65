#include "core/http/websocket.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace obliv;
using namespace obliv::http;

namespace {

constexpr std::uint64_t large = 1U << 20;

struct Message {
    Opcode opcode;
    std::string payload;
    bool operator==(const Message&) const = default;
};

/// Reads `wire` in pieces of up to `piece_max` bytes; control frames stand where they came.
Result<std::vector<Message>> read(std::string_view wire, bool masked, Random& random,
                                  std::uint64_t piece_max, std::uint64_t limit = large) {
    FrameReader reader(masked, limit);
    std::vector<Message> out;
    std::string data;
    std::string control;
    while (!wire.empty()) {
        auto piece = wire.substr(0, random.below(piece_max) + 1);
        wire.remove_prefix(piece.size());
        while (true) {
            auto got = reader.next(piece);
            if (!got)
                return got.error();
            if (!*got)
                break;
            auto& into = (*got)->is_control() ? control : data;
            into += unmasked(**got);
            if ((*got)->message_end)
                out.push_back({(*got)->opcode, std::exchange(into, {})});
        }
    }
    CHECK(reader.at_boundary());
    return out;
}

Result<std::vector<Message>> read_at_once(std::string_view wire, bool masked,
                                          std::uint64_t limit = large) {
    Random random(1);
    return read(wire, masked, random, wire.size() + 1, limit);
}

bool violates(std::string_view wire, bool masked = false) {
    auto got = read_at_once(wire, masked);
    return !got && got.error().code == Code::invalid_request;
}

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("the handshake of the standard's example is answered as it says", "[http]") {
    CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
    CHECK_FALSE(is_websocket_key("dGhlIHNhbXBsZSBub25j"));
    CHECK_FALSE(is_websocket_key("not base64, not at all!!"));
}

TEST_CASE("messages read back as they were written, wherever they are cut", "[http]") {
    auto seed = static_cast<std::uint64_t>(real_clock().wall().time_since_epoch().count());
    INFO("seed " << seed);
    Random random(seed);
    for (int round = 0; round < 200; ++round) {
        std::optional<Mask> mask;
        if (round % 2 == 0)
            mask = Mask{static_cast<char>(random.below(256)), 'a', '\0',
                        static_cast<char>(random.below(256))};
        std::string wire;
        std::vector<Message> sent;
        for (auto count = random.below(6) + 1; count > 0; --count) {
            bool control = random.below(3) == 0;
            auto size = random.below(control ? 126 : (random.below(4) == 0 ? 70'000 : 300));
            std::string payload(size, static_cast<char>(random.below(256)));
            auto opcode = control ? Opcode::ping : Opcode::binary;
            append_frame(wire, opcode, payload, mask);
            sent.push_back({opcode, payload});
        }
        auto got = read(wire, mask.has_value(), random, random.below(2) == 0 ? 3 : 20'000);
        REQUIRE(got);
        CHECK(*got == sent);
    }
}

TEST_CASE("a message in parts is one, with a ping between them", "[http]") {
    auto got = read_at_once("\x01\x03Hel\x89\x01!\x80\x02lo"sv, false);
    REQUIRE(got);
    CHECK(*got == std::vector<Message>{{Opcode::ping, "!"}, {Opcode::text, "Hello"}});
}

TEST_CASE("what breaks the protocol is refused", "[http]") {
    CHECK(violates("\xC1\x01x"sv));  // a reserved bit
    CHECK(violates("\x83\x01x"sv));  // an unknown opcode
    CHECK(violates("\x81\x81"
                   "abcdx"sv));               // a server that masks
    CHECK(violates("\x81\x01x"sv, true));     // a client that does not
    CHECK(violates("\x80\x01x"sv));           // a continuation of nothing
    CHECK(violates("\x01\x01x\x81\x01y"sv));  // a message within another
    CHECK(violates("\x09\x01x"sv));           // a ping in parts
    CHECK(violates("\x89\x7E\x00\x7E"sv));    // a long ping
    CHECK(violates("\x88\x01x"sv));           // half a close code
    CHECK(violates("\x81\x7E\x00\x7D"sv));    // a length of two bytes for 125
    CHECK(violates("\x81\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF"sv));
    CHECK(violates("\x81\x7F\x80\x00\x00\x00\x00\x00\x00\x00"sv));
}

TEST_CASE("a message over its limit is refused, in parts too", "[http]") {
    CHECK(read_at_once("\x01\x03Hel\x80\x02lo"sv, false, 5));
    auto got = read_at_once("\x01\x03Hel\x80\x03lo!"sv, false, 5);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::payload_too_large);
    CHECK(read_at_once("\x89\x05"
                       "abcde"sv,
                       false, 3));
}

TEST_CASE("a close frame tells its code and as much of its reason as fits", "[http]") {
    CHECK(close_payload(1000, "bye") == "\x03\xE8"
                                        "bye"sv);
    CHECK(close_payload(1011, std::string(200, 'x')).size() == 125);
}
