#include "daemon/billing/ring.hpp"

#include "daemon/billing/slot.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sys/stat.h>

using namespace obliv;
using namespace obliv::billing;
using test::must;
using test::sample_call;

namespace {

constexpr AccountId payer{12};
constexpr std::streamoff header_bytes = 4096;

struct Rings {
    test::TempFolder folder;
    std::string path = folder.file("intent.ring");
    std::unique_ptr<IntentRing> ring;
    int copies = 0;

    explicit Rings(std::uint32_t slots = 8, unsigned partitions = 1) {
        ring = must(IntentRing::open(path));
        must(ring->start(slots, partitions));
    }
    void promise() { must(ring->partition(0).promise()); }
    std::uint32_t settle(std::int64_t id) {
        promise();
        return ring->partition(0).settle(sample_call(id, payer));
    }
    /// What a process would find that starts after this one was killed now.
    RingContents after_kill() {
        auto copy = folder.file("copy" + std::to_string(++copies));
        std::filesystem::copy_file(path, copy);
        return must(IntentRing::open(copy))->take_contents();
    }
    void damage(std::uint32_t slot, std::streamoff at, char value) {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(header_bytes + std::streamoff{slot} * std::streamoff{slot_bytes} + at);
        file.put(value);
    }
};

}  // namespace

TEST_CASE("a kill between any two steps leaves the call open, settled or gone", "[billing]") {
    Rings rings;
    CHECK(rings.after_kill().open == 0);
    rings.promise();
    auto contents = rings.after_kill();
    CHECK(contents.open == 1);
    CHECK(contents.settled.empty());
    auto slot = rings.ring->partition(0).settle(sample_call(5, payer));
    contents = rings.after_kill();
    CHECK(contents.open == 0);
    REQUIRE(contents.settled.size() == 1);
    CHECK(contents.settled[0].id == ChargeId{5});
    CHECK(contents.settled[0].request_id == "request-5");
    rings.ring->partition(0).give_back({slot});
    contents = rings.after_kill();
    CHECK(contents.open == 0);
    CHECK(contents.settled.empty());
    CHECK(contents.damaged.empty());
}

TEST_CASE("a released reservation leaves nothing", "[billing]") {
    Rings rings;
    rings.promise();
    CHECK(rings.ring->used() == 1);
    rings.ring->partition(0).release();
    CHECK(rings.ring->used() == 0);
    CHECK(rings.after_kill().open == 0);
}

TEST_CASE("a full ring refuses, and takes again what was given back", "[billing]") {
    Rings rings(4);
    for (int i = 0; i < 4; ++i)
        rings.promise();
    auto refused = rings.ring->partition(0).promise();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::overloaded);
    std::set<std::uint32_t> slots;
    for (int i = 0; i < 4; ++i)
        slots.insert(rings.ring->partition(0).settle(sample_call(i + 1, payer)));
    CHECK(slots.size() == 4);
    CHECK_FALSE(rings.ring->partition(0).promise());
    rings.ring->partition(0).give_back({2});
    CHECK(rings.settle(5) == 2);
    CHECK_FALSE(rings.ring->partition(0).promise());
    CHECK(rings.ring->used() == 4);
}

TEST_CASE("a promise is kept by whatever slot is free at the end", "[billing]") {
    Rings rings(2);
    rings.promise();
    auto second = rings.settle(1);
    rings.ring->partition(0).give_back({second});
    rings.ring->partition(0).settle(sample_call(2, payer));
    auto contents = rings.after_kill();
    REQUIRE(contents.settled.size() == 1);
    CHECK(contents.settled[0].id == ChargeId{2});
    CHECK(contents.open == 0);
}

TEST_CASE("partitions share no slot", "[billing]") {
    Rings rings(9, 2);
    CHECK(rings.ring->slots() == 8);
    for (unsigned p = 0; p < 2; ++p)
        for (std::uint32_t i = 0; i < 4; ++i) {
            must(rings.ring->partition(p).promise());
            rings.ring->partition(p).settle(sample_call(p * 10 + i + 1, payer));
        }
    CHECK(rings.ring->used() == 8);
    CHECK(rings.after_kill().settled.size() == 8);
}

TEST_CASE("a torn slot is reported and kept, and the others are read", "[billing]") {
    Rings rings;
    auto torn = rings.settle(1);
    rings.settle(2);
    auto odd = rings.settle(3);
    rings.damage(torn, 100, 'x');
    rings.damage(odd, 0, 9);
    auto contents = rings.after_kill();
    REQUIRE(contents.settled.size() == 1);
    CHECK(contents.settled[0].id == ChargeId{2});
    REQUIRE(contents.damaged.size() == 2);
    CHECK(contents.damaged[0].find("charge 1") != std::string::npos);
    CHECK(contents.damaged[1].find("state 9") != std::string::npos);
    CHECK(std::filesystem::file_size(rings.folder.file("copy1.damaged")) == 2 * slot_bytes);
}

TEST_CASE("two processes cannot share a ring", "[billing]") {
    Rings rings;
    auto second = IntentRing::open(rings.path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::conflict);
}

TEST_CASE("a ring can be given another size once its contents are stored", "[billing]") {
    Rings rings(8);
    rings.settle(1);
    rings.ring.reset();
    rings.ring = must(IntentRing::open(rings.path));
    CHECK(rings.ring->take_contents().settled.size() == 1);
    must(rings.ring->start(3000, 2));
    CHECK(rings.ring->slots() == 3000);
    CHECK(std::filesystem::file_size(rings.path) == 4096 + 3000 * slot_bytes);
    CHECK(rings.after_kill().settled.empty());
    for (int i = 0; i < 1500; ++i) {
        must(rings.ring->partition(1).promise());
        rings.ring->partition(1).settle(sample_call(i + 1, payer));
    }
    CHECK(rings.after_kill().settled.size() == 1500);
}

TEST_CASE("the ring's blocks are on disk before it is used", "[billing]") {
    Rings rings(1000);
    struct stat status {};
    REQUIRE(::stat(rings.path.c_str(), &status) == 0);
    CHECK(status.st_blocks * 512 >= status.st_size);
    CHECK((status.st_mode & 077) == 0);
}

TEST_CASE("a file that is no ring is not overwritten", "[billing]") {
    test::TempFolder folder;
    auto path = folder.file("intent.ring");
    std::ofstream(path) << std::string(8192, 'x');
    auto ring = IntentRing::open(path);
    REQUIRE_FALSE(ring);
    CHECK(ring.error().code == Code::corrupt);
    std::ofstream(path, std::ios::trunc) << std::string(8192, '\0');
    CHECK(IntentRing::open(path));
    CHECK_FALSE(IntentRing::open(folder.file("no/such/folder")));
}
