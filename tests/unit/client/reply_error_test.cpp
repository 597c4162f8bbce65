#include "core/client/client.hpp"

#include <catch2/catch.hpp>

using namespace obliv;

namespace {

Error of(int status, std::string body) {
    client::Response response;
    response.status = status;
    response.body = std::move(body);
    return client::error_from(response);
}

}  // namespace

TEST_CASE("the name in the body decides before the status", "[client]") {
    auto error =
        of(429, R"({"error":{"code":"quota_exhausted","message":"pay","param":"budget"}})");
    CHECK(error.code == Code::quota_exhausted);
    CHECK(error.message == "pay");
    CHECK(error.param == "budget");
}

TEST_CASE("names of other servers are understood", "[client]") {
    CHECK(of(429, R"({"error":{"type":"insufficient_quota","message":"x"}})").code ==
          Code::quota_exhausted);
    CHECK(of(400, R"({"error":{"code":"content_filter"}})").code == Code::refused);
    CHECK(of(400, R"({"error":{"code":17,"message":"odd"}})").message == "odd");
    CHECK(of(400, R"({"error":"just text"})").message == "just text");
}

TEST_CASE("without a usable body the status decides", "[client]") {
    struct Row {
        int status;
        Code code;
    };
    for (auto row : {Row{401, Code::unauthenticated}, Row{402, Code::quota_exhausted},
                     Row{403, Code::forbidden}, Row{404, Code::not_found}, Row{409, Code::conflict},
                     Row{429, Code::rate_limited}, Row{500, Code::unavailable},
                     Row{504, Code::upstream_timeout}, Row{400, Code::invalid_request}}) {
        INFO(row.status);
        CHECK(of(row.status, "<html>").code == row.code);
        CHECK(of(row.status, "[1]").code == row.code);
    }
}

TEST_CASE("a redirect is an error that names its target", "[client]") {
    client::Response response;
    response.status = 302;
    response.headers.emplace_back("Location", "https://elsewhere/\x1b[2J");
    auto error = client::error_from(response);
    CHECK(error.message.find("https://elsewhere/") != std::string::npos);
    CHECK(error.message.find('\x1b') == std::string::npos);
}
