#include "core/http/chunked.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace obliv;
using namespace obliv::http;

namespace {

struct Decoded {
    std::string payload;
    std::size_t consumed = 0;
    bool done = false;
    bool failed = false;
};

/// Feeds `wire` in pieces that end at `cuts`.
Decoded decode(std::string_view wire, const std::vector<std::size_t>& cuts = {}) {
    ChunkedDecoder decoder;
    Decoded out;
    std::size_t start = 0;
    auto ends = cuts;
    ends.push_back(wire.size());
    for (auto end : ends) {
        auto piece = wire.substr(start, end - start);
        start = end;
        while (!piece.empty() && !decoder.done()) {
            auto step = decoder.next(piece);
            if (!step) {
                out.failed = true;
                return out;
            }
            out.payload += step->payload;
            out.consumed += step->consumed;
            piece.remove_prefix(step->consumed);
        }
    }
    out.done = decoder.done();
    return out;
}

}  // namespace

TEST_CASE("chunks are undone and what follows is left alone", "[http]") {
    auto out = decode("5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: x\r\n\r\nGET /");
    CHECK(out.done);
    CHECK(out.payload == "hello world");
    CHECK(out.consumed == 49);
    CHECK(decode("A\r\n0123456789\r\n00\r\n\r\n").payload == "0123456789");
    CHECK(decode("0\r\n\r\n").done);
    CHECK_FALSE(decode("5\r\nhel").done);
}

TEST_CASE("broken chunk framing is refused", "[http]") {
    const std::vector<std::string> bad = {
        "\r\n",
        "x\r\n",
        "5\nhello",
        "5\r\nhelloX",
        "5\r\nhello\rX",
        " 5\r\n",
        "5 \r\n",
        "-1\r\n",
        "0x5\r\n",
        ";a\r\n",
        "5\rX",
        "10000000000000000\r\n",
        "ffffffffffffffff\r\n",
        "0000000000000005\r\n",
        "5;" + std::string(300, 'x'),
        "5;a\x01\r\n",
        "0\r\nTrailer: a\nb\r\n\r\n",
        "0\r\n\rX",
        "0\r\n" + std::string(9000, 't'),
    };
    for (const auto& wire : bad) {
        INFO(wire);
        CHECK(decode(wire).failed);
    }
}

TEST_CASE("a chunked body cut anywhere decodes the same", "[http]") {
    std::uint64_t seed = 77;
    INFO("seed " << seed);
    Random random(seed);
    for (int round = 0; round < 2000; ++round) {
        std::string wire;
        std::string payload;
        for (auto chunks = random.below(6); chunks-- > 0;) {
            std::string part(1 + random.below(40), static_cast<char>('a' + random.below(26)));
            std::array<char, 20> storage{};
            wire.append(chunk_size_line(part.size(), storage)).append(part).append(chunk_end);
            payload += part;
        }
        wire += last_chunk;
        std::vector<std::size_t> cuts;
        for (std::size_t at = 0; at < wire.size(); ++at)
            if (random.below(4) == 0)
                cuts.push_back(at);
        auto out = decode(wire, cuts);
        REQUIRE(out.done);
        REQUIRE(out.payload == payload);
        REQUIRE(out.consumed == wire.size());
    }
}

TEST_CASE("boundaries are known exactly", "[http]") {
    std::string wire = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (std::size_t size = 0; size <= wire.size(); ++size) {
        ChunkedDecoder decoder;
        auto piece = std::string_view(wire).substr(0, size);
        while (!piece.empty()) {
            auto step = decoder.next(piece);
            REQUIRE(step);
            piece.remove_prefix(step->consumed);
        }
        bool boundary = size == 0 || size == 8 || size == 15 || size == wire.size();
        INFO(size);
        CHECK(decoder.at_boundary() == boundary);
    }
}
