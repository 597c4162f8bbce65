#include "core/base/result.hpp"

#include "tests/support/aborts.hpp"

#include <catch2/catch.hpp>
#include <memory>

using namespace obliv;

TEST_CASE("a result is its value or its error", "[base]") {
    Result<int> good = 5;
    REQUIRE(good);
    CHECK(*good == 5);
    Result<int> bad = fail(Code::not_found, "no such thing");
    REQUIRE(!bad);
    CHECK(bad.error().code == Code::not_found);
    CHECK(std::move(bad).value_or(7) == 7);
    CHECK(std::move(good).value_or(7) == 5);
}

TEST_CASE("a result that nobody produced is a failure", "[base]") {
    CHECK(!Result<int>());
    CHECK(!Result<void>());
    CHECK(Result<int>().error().code == Code::internal);
    CHECK(Result<void>().error().code == Code::internal);
    CHECK(ok());
}

TEST_CASE("a result carries what can only be moved", "[base]") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
    REQUIRE(result);
    auto taken = *std::move(result);
    CHECK(*taken == 3);
    Result<std::string> text = std::string("abc");
    CHECK(text->size() == 3);
}

TEST_CASE("reading the half that is not there is a broken claim", "[base]") {
    CHECK(test::aborts([] { return *Result<int>(); }));
    CHECK(test::aborts([] { return Result<int>(1).error(); }));
    CHECK(test::aborts([] { return ok().error(); }));
}
