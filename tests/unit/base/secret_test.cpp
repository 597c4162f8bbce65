#include "core/base/random.hpp"
#include "core/base/secret.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <new>
#include <set>
#include <sstream>

using namespace obliv;

TEST_CASE("a secret prints as stars and compares by content", "[base]") {
    Secret secret("hunter2");
    std::ostringstream out;
    out << secret;
    CHECK(out.str() == "***");
    CHECK(secret == Secret("hunter2"));
    CHECK(!(secret == Secret("hunter3")));
    CHECK(!(secret == Secret("hunter")));
    CHECK(secret.reveal() == "hunter2");
    CHECK(Secret().empty());
    CHECK(!secret.empty());
}

TEST_CASE("a hint never gives half of a secret away", "[base]") {
    CHECK(Secret("sk-abcdefghijklmnop1234").hint() == "sk-…1234");
    CHECK(Secret("12345678901234").hint() == "123…1234");
    CHECK(Secret("1234567890123").hint() == "***");
    CHECK(Secret("").hint() == "***");
}

TEST_CASE("a secret that goes leaves no trace where it lay", "[base]") {
    // Short texts lie inside the object, so its own storage shows whether they were wiped.
    alignas(Secret) unsigned char place[sizeof(Secret)];
    auto* secret = new (place) Secret("hunter2");
    secret->~Secret();
    CHECK(std::string_view(reinterpret_cast<char*>(place), sizeof place).find("hunter") ==
          std::string_view::npos);
}

TEST_CASE("a secret that was moved or replaced is wiped", "[base]") {
    Secret first("hunter2");
    Secret second(std::move(first));
    CHECK(first.empty());
    CHECK(std::string_view(reinterpret_cast<char*>(&first), sizeof first).find("hunter") ==
          std::string_view::npos);
    CHECK(second.reveal() == "hunter2");
    second = Secret("other");
    CHECK(second.reveal() == "other");
    Secret copy = second;
    CHECK(copy == second);
}

TEST_CASE("new keys have their form and differ", "[base]") {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        auto key = new_api_key();
        std::string text(key.reveal());
        CHECK(text.size() == 51);
        CHECK(text.starts_with("sk-"));
        for (char c : text.substr(3))
            CHECK(((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')));
        CHECK(seen.insert(text).second);
    }
}

TEST_CASE("sortable ids sort by time", "[base]") {
    auto early = new_sortable_id(from_unix_nanos(1'000'000'000'000'000'000));
    auto late = new_sortable_id(from_unix_nanos(1'000'000'000'001'000'000));
    CHECK(early.size() == 26);
    CHECK(early < late);
    CHECK(early.substr(0, 10) == "00X3AAA400");
    CHECK(new_sortable_id(from_unix_nanos(5)) != new_sortable_id(from_unix_nanos(5)));
}

TEST_CASE("a seed gives the same numbers on every machine", "[base]") {
    Random random(0);
    CHECK(random.next() == 0xE220A8397B1DCDAFULL);
    CHECK(random.next() == 0x6E789E6AA1B965F4ULL);
    for (int i = 0; i < 1000; ++i) {
        CHECK(random.below(7) < 7);
        auto unit = random.unit();
        CHECK(unit >= 0);
        CHECK(unit < 1);
    }
    CHECK(random.below(1) == 0);
}
