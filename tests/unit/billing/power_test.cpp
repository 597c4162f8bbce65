// Power cuts, on a disk that forgets what was not synced. Longer stories are told by
// tests/simulation.
#include "tests/simulation/memory_disk.hpp"
#include "tests/unit/billing/shop.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace obliv;
using simulation::MemoryDisk;
using simulation::Trouble;
using test::must;
using test::Shop;

namespace {

storage::WriterOptions by_hand() {
    storage::WriterOptions options;
    options.own_thread = false;
    return options;
}

struct OnDisk {
    explicit OnDisk(std::uint64_t seed) : disk(seed), shop(by_hand()) {
        shop.topup(shop.team, 1000);
    }
    void settle(std::int64_t nanos) {
        must(shop.pay(must(shop.reserve(nanos, shop.team)), nanos, shop.team));
    }
    /// The process ends without a word to the disk.
    void die() {
        disk.set_trouble(Trouble::dead);
        shop.close();
    }
    std::size_t calls() { return shop.rows().size(); }

    MemoryDisk disk;
    Shop shop;
};

}  // namespace

TEST_CASE("a power cut takes nothing that the store has confirmed", "[billing]") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        OnDisk on(seed);
        INFO("seed " << seed);
        for (int group = 0; group < 5; ++group) {
            on.settle(3);
            on.settle(4);
            on.shop.flush();
        }
        on.settle(5);
        on.die();
        std::filesystem::remove(on.shop.books_options.ring_path);
        on.disk.cut_power();
        on.shop.open();
        CHECK(on.calls() == 10);
        CHECK(on.shop.figures(on.shop.team).available == Money::nanos(1000 - 35));
        CHECK(must(on.shop.books->verify()).ok());
    }
}

TEST_CASE("a group is one write and one sync", "[billing]") {
    OnDisk on(1);
    on.settle(5);
    on.shop.flush();
    for (int i = 0; i < 5; ++i)
        on.settle(6);
    auto before = on.disk.changes();
    on.shop.database->writer().turn();
    CHECK(on.disk.changes() == before + 2);
    CHECK(on.calls() == 6);
}

TEST_CASE("a power cut takes what nobody has synced", "[billing]") {
    std::set<std::size_t> left;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        OnDisk on(seed);
        on.settle(5);
        on.shop.flush();
        on.settle(6);
        // Before the group is written into the log, or before that is synced.
        bool died = false;
        on.disk.die_after(seed % 2, [&died] { died = true; });
        on.shop.database->writer().turn();
        on.die();
        CHECK(died);
        std::filesystem::remove(on.shop.books_options.ring_path);
        on.disk.cut_power();
        on.shop.open();
        left.insert(on.calls());
        CHECK(must(on.shop.books->verify()).ok());
    }
    CHECK(left.contains(1));
}

TEST_CASE("a commit whose sync failed and that came back is made sure of", "[billing]") {
    int came_back = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        OnDisk on(seed);
        INFO("seed " << seed);
        on.settle(5);
        on.disk.set_trouble(Trouble::sync);
        on.shop.database->writer().turn();
        bool failed = !on.shop.database->writer().accepting();
        auto ring = on.shop.books_options.ring_path;
        std::filesystem::copy_file(ring, ring + ".kill");
        on.die();
        std::filesystem::rename(ring + ".kill", ring);
        // Killed, not cut off: the kernel still has the group, and says that it is saved.
        on.disk.revive();
        on.shop.open();
        REQUIRE(on.calls() == 1);
        on.settle(7);
        on.shop.flush();
        on.die();
        std::filesystem::remove(ring);
        on.disk.cut_power();
        on.shop.open();
        CHECK(on.calls() == 2);
        came_back += failed ? 1 : 0;
    }
    CHECK(came_back > 0);
}

TEST_CASE("the first group of a month may fail, and the next attempt stores it", "[billing]") {
    OnDisk on(1);
    on.settle(5);
    on.disk.set_trouble(Trouble::dead);
    on.shop.database->writer().turn();
    REQUIRE_FALSE(on.shop.database->writer().accepting());
    on.disk.revive();
    on.shop.database->writer().turn();
    CHECK(on.shop.database->writer().accepting());
    CHECK(on.calls() == 1);
}
