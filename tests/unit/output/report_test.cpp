#include "cli/output/report.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace obliv;
using namespace obliv::cli;

TEST_CASE("an error is at most three lines, with hint and request", "[output]") {
    auto error = fail(Code::not_found, "no token\n'x'");
    error.hint = "list them";
    CHECK(error_text(error, {404, "r1"}) ==
          "obliv: no token 'x'\n  hint: list them\n  request: r1\n");
    CHECK(error_text(fail(Code::io, "a\x1b[2J"), {}) == "obliv: a␛[2J\n");
}

TEST_CASE("an error as JSON has every key, null where nothing is known", "[output]") {
    auto error = fail(Code::rate_limited, "slow down");
    error.retry_after = std::chrono::milliseconds(1500);
    CHECK(error_json(error, {429, "r1"}).dump() ==
          R"({"error":{"code":"limited.rate","message":"slow down","hint":null,"retryable":true,)"
          R"("retry_after_ms":1500,"http_status":429,"request_id":"r1","exit":8}})");
    auto bare = error_json(fail(Code::usage, "x"), {})["error"];
    CHECK(bare["http_status"].is_null());
    CHECK(bare["request_id"].is_null());
    CHECK(bare["code"] == "usage");
}

TEST_CASE("every error has a name that starts with its exit code's", "[output]") {
    for (const auto& row : all_codes()) {
        auto name = error_name(row.code);
        INFO(name);
        CHECK(name.starts_with(row.exit_name));
        CHECK(std::count(name.begin(), name.end(), '.') <= 1);
    }
}
