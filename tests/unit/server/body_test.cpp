#include "core/loop/event.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/server/rig.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>

using namespace obliv;
using namespace obliv::server;
using namespace obliv::server::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

constexpr std::int64_t mib = 1 << 20;

/// Bytes that differ everywhere: a block in the wrong place shows.
std::string noise(std::size_t size) {
    std::mt19937_64 random(size);
    std::string out(size, '\0');
    for (std::size_t at = 0; at < size; ++at)
        out[at] = static_cast<char>('a' + random() % 26);
    return out;
}

std::string chunked(std::string_view body, std::size_t chunk) {
    std::string out = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::array<char, 16> line{};
    for (; !body.empty(); body.remove_prefix(std::min(chunk, body.size()))) {
        auto piece = body.substr(0, chunk);
        std::snprintf(line.data(), line.size(), "%zx\r\n", piece.size());
        out.append(line.data()).append(piece).append("\r\n");
    }
    return out + "0\r\n\r\n";
}

/// Says where the body lies and what it is.
struct Told {
    TestService::Serve serve() {
        return [this](Exchange& exchange) { return tell(this, exchange); };
    }
    static loop::Task<Result<void>> tell(Told* self, Exchange& exchange) {
        auto body = co_await exchange.read_body();
        if (!body)
            co_return body.error();
        self->same = *body == self->expected;
        volatile char last = 0;
        for (std::size_t i = 0; i < loop::Block::padding; ++i)
            last = *(body->data() + body->size() + i);
        (void)last;
        bool mapped = exchange.mapped_body().data() == body->data() && !body->empty();
        std::string text = mapped ? "file" : "memory";
        if (self->hold) {
            self->held = true;
            while (self->hold)
                co_await pause(exchange.loop());
        }
        std::span<const http::Header> none;
        co_return co_await exchange.reply(200, "text/plain", none, text);
    }
    static loop::Task<void> pause(loop::Loop& loop) {
        loop::Event never(loop);
        auto until = loop.now() + std::chrono::milliseconds(5);
        co_await never.until(until);
    }

    std::string expected;
    std::atomic<bool> same{false};
    std::atomic<bool> hold{false};
    std::atomic<bool> held{false};
};

bool empty(const obliv::test::TempFolder& folder) {
    return std::filesystem::is_empty(folder.file(""));
}

bool given_back(const Bodies& bodies) {
    return eventually([&] {
        return bodies.memory.taken() == 0 && bodies.disk.taken() == 0 && bodies.ahead.taken() == 0;
    });
}

}  // namespace

TEST_CASE("a body over a megabyte lies in a file without a name, byte for byte", "[server]") {
    obliv::test::TempFolder folder;
    Bodies bodies(folder.file(""), 100 * mib, 100 * mib);
    Told told;
    Rig rig(told.serve(), {}, &bodies);
    Client client(rig.port);
    for (std::size_t size : {5000UL, 20'000UL, 1UL << 20, (1UL << 20) + 1, 5'000'001UL}) {
        told.expected = noise(size);
        std::string where = size > body_bytes_in_memory ? "file" : "memory";
        INFO(size);
        told.same = false;
        REQUIRE(client.send(post("/", told.expected)));
        CHECK_THAT(client.read_reply(), EndsWith(where));
        CHECK(told.same);
        told.same = false;
        REQUIRE(client.send(chunked(told.expected, 70'001)));
        // A body of unknown length outgrows its block before it is a megabyte.
        if (size != body_bytes_in_memory)
            CHECK_THAT(client.read_reply(), EndsWith(where));
        else
            CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 200 "));
        CHECK(told.same);
        CHECK(empty(folder));
    }
    CHECK(given_back(bodies));
}

TEST_CASE("when the memory for bodies is used up, small ones go to files too", "[server]") {
    obliv::test::TempFolder folder;
    Bodies bodies(folder.file(""), 4 * mib, 100 * mib);
    Share others;
    REQUIRE(others.take(bodies.memory, 4 * mib - 10));
    Told told;
    Rig rig(told.serve(), {}, &bodies);
    Client client(rig.port);
    for (std::size_t size : {5000UL, 60'000UL, 3'000'000UL}) {
        told.expected = noise(size);
        REQUIRE(client.send(post("/", told.expected)));
        CHECK_THAT(client.read_reply(), EndsWith("file"));
        CHECK(told.same);
        REQUIRE(client.send(chunked(told.expected, 999)));
        CHECK_THAT(client.read_reply(), EndsWith("file"));
        CHECK(told.same);
    }
    others.resize(0);
    CHECK(given_back(bodies));
}

TEST_CASE("a body that finds no place is refused before it is sent, and served later", "[server]") {
    obliv::test::TempFolder folder;
    Bodies bodies(folder.file(""), 10 * mib, 5 * mib);
    Told told;
    told.hold = true;
    told.expected = noise(3 * mib);
    Rig rig(told.serve(), {}, &bodies);
    Client first(rig.port);
    REQUIRE(first.send(post("/", told.expected)));
    REQUIRE(eventually([&] { return told.held.load(); }));
    auto head = [](std::int64_t length) {
        return "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " +
               std::to_string(length) + "\r\n\r\n";
    };
    Client second(rig.port);
    REQUIRE(second.send(head(3 * mib)));
    CHECK_THAT(second.read_reply(), StartsWith("HTTP/1.1 503 ") && Contains("overloaded"));
    Client third(rig.port);
    REQUIRE(third.send(head(6 * mib)));
    CHECK_THAT(third.read_reply(), StartsWith("HTTP/1.1 413 ") && Contains("payload_too_large"));
    // One whose length nobody knows is stopped on the way, and its sender still hears why.
    Client fourth(rig.port);
    REQUIRE(fourth.send(chunked(told.expected, 100'000)));
    CHECK_THAT(fourth.read_reply(), StartsWith("HTTP/1.1 503 "));
    told.hold = false;
    CHECK_THAT(first.read_reply(), EndsWith("file"));
    REQUIRE(given_back(bodies));
    Client fifth(rig.port);
    REQUIRE(fifth.send(post("/", told.expected)));
    CHECK_THAT(fifth.read_reply(), EndsWith("file"));
}

TEST_CASE("who leaves in the middle of a large body leaves nothing behind", "[server]") {
    obliv::test::TempFolder folder;
    Bodies bodies(folder.file(""), 10 * mib, 10 * mib);
    Told told;
    Rig rig(told.serve(), {}, &bodies);
    {
        Client client(rig.port);
        REQUIRE(client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" +
                            noise(2 * mib)));
        REQUIRE(eventually([&] { return bodies.disk.taken() == 5'000'000; }));
    }
    CHECK(given_back(bodies));
    CHECK(empty(folder));
}

TEST_CASE("a body that cannot be put into a file is an outage, not a crash", "[server]") {
    Bodies bodies("/nowhere/at/all", 10 * mib, 10 * mib);
    Told told;
    Rig rig(told.serve(), {}, &bodies);
    Client client(rig.port);
    REQUIRE(client.send(post("/", noise(2 * mib))));
    CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 503 ") && Contains("unavailable"));
    CHECK(given_back(bodies));
}

TEST_CASE("a body is refused before it takes the last of the disk", "[server]") {
    obliv::test::TempFolder folder;
    Bodies bodies(folder.file(""), 10 * mib, 100 * mib);
    auto free = bodies.free_bytes();
    REQUIRE(free);
    // What is free here changes while this runs, but not by so much.
    bodies.set_reserve(*free * 2);
    CHECK(bodies.free_bytes() == 0);
    Told told;
    told.expected = noise(2 * mib);
    Rig rig(told.serve(), {}, &bodies);
    {
        Client client(rig.port);
        REQUIRE(client.send(post("/", told.expected)));
        CHECK_THAT(client.read_reply(), StartsWith("HTTP/1.1 503 ") && Contains("overloaded"));
        CHECK(given_back(bodies));
        CHECK(empty(folder));
    }
    Client client(rig.port);
    told.expected = noise(mib / 2);
    REQUIRE(client.send(post("/", told.expected)));
    CHECK_THAT(client.read_reply(), EndsWith("memory"));
    bodies.set_reserve(0);
    {
        // What others are about to write is not free.
        Share others;
        REQUIRE(others.take(bodies.ahead, *free * 2));
        Client third(rig.port);
        REQUIRE(third.send(post("/", noise(2 * mib))));
        CHECK_THAT(third.read_reply(), StartsWith("HTTP/1.1 503 ") && Contains("overloaded"));
    }
    told.expected = noise(24 * mib);
    REQUIRE(client.send(post("/", told.expected)));
    CHECK_THAT(client.read_reply(), EndsWith("file"));
    CHECK(told.same);
    CHECK(given_back(bodies));
}

TEST_CASE("a disk that does not say what it has is written to", "[server]") {
    Bodies bodies("/nowhere/at/all", mib, mib);
    CHECK_FALSE(bodies.free_bytes());
    bodies.stop();
}

TEST_CASE("what an earlier process left in the folder is removed, and nothing else", "[server]") {
    obliv::test::TempFolder folder;
    std::ofstream(folder.file(".body-Ab12Cd")) << "old";
    std::ofstream(folder.file("obliv.db")) << "kept";
    Bodies bodies(folder.file(""), mib, mib);
    CHECK_FALSE(std::filesystem::exists(folder.file(".body-Ab12Cd")));
    CHECK(std::filesystem::exists(folder.file("obliv.db")));
    bodies.stop();
}
