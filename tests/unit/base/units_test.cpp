#include "core/base/units.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

TEST_CASE("sizes count in 1000 or in 1024, as their unit says", "[base]") {
    CHECK(*parse_size("0") == 0);
    CHECK(*parse_size("4096") == 4096);
    CHECK(*parse_size("12B") == 12);
    CHECK(*parse_size("64KiB") == 65'536);
    CHECK(*parse_size("10MB") == 10'000'000);
    CHECK(*parse_size("1kB") == 1000);
    CHECK(*parse_size("2GiB") == 2'147'483'648);
    CHECK(*parse_size("1TiB") == 1'099'511'627'776);
    for (auto bad : {"", "KiB", "-1", "+1", "1.5MB", "1 MB", "1mb", "1K", "1KiBs",
                     "9223372036854775808", "9007199254740992KiB", "-0"}) {
        CAPTURE(bad);
        CHECK(!parse_size(bad));
    }
}

TEST_CASE("a size is written short and reads back as itself", "[base]") {
    CHECK(size_text(0) == "0");
    CHECK(size_text(1500) == "1500");
    CHECK(size_text(32'768) == "32KiB");
    CHECK(size_text(10'000'000) == "10MB");
    const std::uint64_t seed = 5;
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 1000; ++round) {
        auto bytes = static_cast<std::int64_t>(random.next() >> (1 + random.below(60)));
        CHECK(*parse_size(size_text(bytes)) == bytes);
        CHECK(*parse_size(size_text(bytes / 1024 * 1024)) == bytes / 1024 * 1024);
    }
}

TEST_CASE("counts may be thousands and millions", "[base]") {
    CHECK(*parse_count("250") == 250);
    CHECK(*parse_count("10k") == 10'000);
    CHECK(*parse_count("1M") == 1'000'000);
    for (auto bad : {"", "k", "1K", "1m", "-1k", "1.5k", "1 k", "99999999999999999M"}) {
        CAPTURE(bad);
        CHECK(!parse_count(bad));
    }
}
