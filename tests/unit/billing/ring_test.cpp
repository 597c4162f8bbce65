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
    std::uint32_t take() { return must(ring->partition(0).take(payer, TokenId{}, Money{})); }
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
    CHECK(rings.after_kill().reserved == 0);
    auto slot = rings.take();
    auto contents = rings.after_kill();
    CHECK(contents.reserved == 1);
    CHECK(contents.settled.empty());
    rings.ring->partition(0).settle(slot, sample_call(5, payer));
    contents = rings.after_kill();
    CHECK(contents.reserved == 0);
    REQUIRE(contents.settled.size() == 1);
    CHECK(contents.settled[0].id == ChargeId{5});
    CHECK(contents.settled[0].request_id == "request-5");
    rings.ring->partition(0).give_back({slot});
    contents = rings.after_kill();
    CHECK(contents.reserved == 0);
    CHECK(contents.settled.empty());
    CHECK(contents.damaged.empty());
}

TEST_CASE("a released reservation leaves nothing", "[billing]") {
    Rings rings;
    auto slot = rings.take();
    CHECK(rings.ring->used() == 1);
    rings.ring->partition(0).release(slot);
    CHECK(rings.ring->used() == 0);
    CHECK(rings.after_kill().reserved == 0);
}

TEST_CASE("a full ring refuses, and takes again what was given back", "[billing]") {
    Rings rings(4);
    std::set<std::uint32_t> slots;
    for (int i = 0; i < 4; ++i)
        slots.insert(rings.take());
    CHECK(slots.size() == 4);
    auto refused = rings.ring->partition(0).take(payer, TokenId{}, Money{});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::overloaded);
    rings.ring->partition(0).settle(2, sample_call(1, payer));
    rings.ring->partition(0).give_back({2});
    CHECK(rings.take() == 2);
    CHECK_FALSE(rings.ring->partition(0).take(payer, TokenId{}, Money{}));
}

TEST_CASE("the slot used last is used next", "[billing]") {
    Rings rings;
    auto first = rings.take();
    rings.ring->partition(0).release(first);
    CHECK(rings.take() == first);
}

TEST_CASE("partitions share no slot", "[billing]") {
    Rings rings(9, 2);
    CHECK(rings.ring->slots() == 8);
    for (unsigned p = 0; p < 2; ++p)
        for (std::uint32_t i = 0; i < 4; ++i) {
            auto slot = must(rings.ring->partition(p).take(payer, TokenId{}, Money{}));
            rings.ring->partition(p).settle(slot, sample_call(p * 10 + i + 1, payer));
        }
    CHECK(rings.ring->used() == 8);
    CHECK(rings.after_kill().settled.size() == 8);
}

TEST_CASE("a torn slot is reported and kept, and the others are read", "[billing]") {
    Rings rings;
    auto torn = rings.take();
    auto whole = rings.take();
    auto odd = rings.take();
    rings.ring->partition(0).settle(torn, sample_call(1, payer));
    rings.ring->partition(0).settle(whole, sample_call(2, payer));
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
    rings.ring->partition(0).settle(rings.take(), sample_call(1, payer));
    rings.ring.reset();
    rings.ring = must(IntentRing::open(rings.path));
    CHECK(rings.ring->take_contents().settled.size() == 1);
    must(rings.ring->start(3000, 2));
    CHECK(rings.ring->slots() == 3000);
    CHECK(std::filesystem::file_size(rings.path) == 4096 + 3000 * slot_bytes);
    CHECK(rings.after_kill().settled.empty());
    for (int i = 0; i < 1500; ++i)
        rings.ring->partition(1).settle(
            must(rings.ring->partition(1).take(payer, TokenId{}, Money{})),
            sample_call(i + 1, payer));
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
