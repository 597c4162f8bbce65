#include "core/base/error.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace obliv;

TEST_CASE("every code has a name of its own that leads back to it", "[base]") {
    std::set<std::string_view> names;
    for (const auto& row : all_codes()) {
        CAPTURE(row.name);
        CHECK(names.insert(row.name).second);
        CHECK(code_from_name(row.name) == row.code);
        CHECK(info(row.code).name == row.name);
        for (char c : row.name)
            CHECK(((c >= 'a' && c <= 'z') || c == '_'));
        CHECK(row.meaning.ends_with('.'));
    }
    CHECK(!code_from_name("nonsense"));
    CHECK(!code_from_name(""));
}

TEST_CASE("statuses and exit codes are of their kind", "[base]") {
    for (const auto& row : all_codes()) {
        CAPTURE(row.name);
        CHECK((row.http_status == 207 || (row.http_status >= 400 && row.http_status < 600)));
        CHECK(((row.exit_code >= 1 && row.exit_code <= 12) || row.exit_code == 130));
    }
    CHECK(info(Code::rate_limited).http_status == 429);
    CHECK(info(Code::rate_limited).retryable);
    CHECK(!info(Code::quota_exhausted).retryable);
    CHECK(info(Code::header_too_large).http_status == 431);
    CHECK(info(Code::payload_too_large).http_status == 413);
    CHECK(info(Code::config_invalid).exit_code == 3);
}

TEST_CASE("codes with one exit name have one exit code", "[base]") {
    for (const auto& a : all_codes())
        for (const auto& b : all_codes())
            if (a.exit_name == b.exit_name)
                CHECK(a.exit_code == b.exit_code);
}

TEST_CASE("context goes before the message and keeps the rest", "[base]") {
    auto error = fail(Code::timeout, "no answer within 3 s");
    error.retry_after = std::chrono::milliseconds(5);
    error.param = "p";
    auto told = std::move(error).in("channel 7");
    CHECK(told.message == "channel 7: no answer within 3 s");
    CHECK(told.code == Code::timeout);
    CHECK(told.retry_after == std::chrono::milliseconds(5));
    CHECK(told.param == "p");
}
