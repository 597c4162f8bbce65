#include "cli/sim/request_reader.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

using namespace obliv;
using namespace obliv::sim;
using Next = RequestReader::Next;

namespace {

void feed(RequestReader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        auto room = reader.room();
        auto count = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), count);
        reader.add(count);
        bytes.remove_prefix(count);
    }
}

Next next(RequestReader& reader) {
    auto found = reader.next();
    REQUIRE(found);
    return *found;
}

const std::string sized = "POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
const std::string chunked = "POST /b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
                            "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n";

}  // namespace

TEST_CASE("requests are found however their bytes arrive", "[sim]") {
    loop::BlockPool blocks;
    auto all = sized + chunked + "GET /c HTTP/1.1\r\nhost: x\r\n\r\n" + sized;
    for (std::size_t step : {1U, 7U, 50U, 1000U}) {
        CAPTURE(step);
        RequestReader reader(blocks);
        std::vector<std::string> found;
        for (std::size_t at = 0; at < all.size(); at += step) {
            feed(reader, std::string_view(all).substr(at, step));
            while (next(reader) == Next::whole) {
                found.push_back(std::string(reader.head().path) + "=" + std::string(reader.body()));
                reader.done();
            }
        }
        CHECK(found == std::vector<std::string>{"/a=hello", "/b=hello", "/c=", "/a=hello"});
        CHECK(reader.waiting() == 0);
    }
}

TEST_CASE("a body larger than the first buffer is whole", "[sim]") {
    loop::BlockPool blocks;
    RequestReader reader(blocks);
    std::string body(100'000, 'x');
    feed(reader, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + body);
    REQUIRE(next(reader) == Next::whole);
    CHECK(reader.body() == body);
}

TEST_CASE("a client that waits for 100 Continue is told once", "[sim]") {
    loop::BlockPool blocks;
    RequestReader reader(blocks);
    feed(reader, "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n");
    CHECK(next(reader) == Next::need_continue);
    CHECK(next(reader) == Next::need_more);
    feed(reader, "hello");
    CHECK(next(reader) == Next::whole);
    CHECK(reader.body() == "hello");
}

TEST_CASE("what is no request, or too large, is an error", "[sim]") {
    loop::BlockPool blocks;
    for (const auto* bad :
         {"nonsense\r\n\r\n", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n",
          "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"}) {
        CAPTURE(bad);
        RequestReader reader(blocks);
        feed(reader, bad);
        CHECK_FALSE(reader.next());
    }
}
