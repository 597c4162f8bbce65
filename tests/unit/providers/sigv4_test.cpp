#include "core/providers/sigv4.hpp"

#include "core/base/time_format.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::providers;

namespace {

// The credentials, time and names of AWS's published Signature Version 4 test suite.
AwsKey suite_key() {
    AwsKey key;
    key.access_key_id = "AKIDEXAMPLE";
    key.secret = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    key.region = "us-east-1";
    return key;
}

AwsRequest suite_request(std::string_view method = "GET", std::string_view path = "/",
                         std::string_view query = "") {
    AwsRequest request;
    request.method = method;
    request.host = "example.amazonaws.com";
    request.path = path;
    request.query = query;
    request.body = sha256("");
    return request;
}

std::string header(const std::vector<std::pair<std::string, std::string>>& headers,
                   std::string_view name) {
    for (const auto& [key, value] : headers)
        if (key == name)
            return value;
    return "";
}

std::string authorization(const AwsRequest& request, const AwsKey& key = suite_key(),
                          std::string_view service = "service") {
    auto now = parse_rfc3339("2015-08-30T12:36:00Z");
    REQUIRE(now);
    return header(sign_v4(key, service, request, *now), "authorization");
}

std::string suite_authorization(std::string_view names, std::string_view signature) {
    return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
           "SignedHeaders=" +
           std::string(names) + ", Signature=" + std::string(signature);
}

}  // namespace

TEST_CASE("requests of the published suite get its signatures", "[providers]") {
    // get-vanilla, post-vanilla, get-vanilla-query-order-key-case
    CHECK(authorization(suite_request()) ==
          suite_authorization("host;x-amz-date",
                              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
    CHECK(authorization(suite_request("POST")) ==
          suite_authorization("host;x-amz-date",
                              "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
    CHECK(authorization(suite_request("GET", "/", "Param2=value2&Param1=value1")) ==
          suite_authorization("host;x-amz-date",
                              "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
    // get-header-key-duplicate: the values of one name are joined in their order.
    auto repeated = suite_request();
    repeated.headers = {
        {"my-header1", "value2"}, {"my-header1", "value2"}, {"my-header1", "value1"}};
    CHECK(authorization(repeated) ==
          suite_authorization("host;my-header1;x-amz-date",
                              "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"));
    // post-x-www-form-urlencoded: the body counts.
    auto form = suite_request("POST");
    form.headers = {{"content-type", "application/x-www-form-urlencoded"}};
    form.body = sha256("Param1=value1");
    CHECK(authorization(form) ==
          suite_authorization("content-type;host;x-amz-date",
                              "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
}

TEST_CASE("a path is encoded once more than it is sent", "[providers]") {
    // get-utf8 and get-space, whose request lines carry the bytes as they are: their canonical
    // paths are what ours is when the path is taken as not yet encoded.
    CHECK(authorization(suite_request("GET", "/\xE1\x88\xB4")) ==
          suite_authorization("host;x-amz-date",
                              "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"));
    CHECK(authorization(suite_request("GET", "/example space/")) ==
          suite_authorization("host;x-amz-date",
                              "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"));
    // A model id with a colon goes out as %3A and is signed as %253A.
    auto bedrock = [](std::string_view path) {
        return authorization(suite_request("POST", path), suite_key(), "bedrock");
    };
    CHECK(bedrock("/model/m-v1%3A0/converse") != bedrock("/model/m-v1:0/converse"));
}

TEST_CASE("a session token is sent and signed", "[providers]") {
    auto key = suite_key();
    key.session_token = Secret("the-token");
    auto now = parse_rfc3339("2015-08-30T12:36:00Z");
    REQUIRE(now);
    auto headers = sign_v4(key, "service", suite_request(), *now);
    CHECK(header(headers, "x-amz-security-token") == "the-token");
    CHECK(header(headers, "x-amz-date") == "20150830T123600Z");
    CHECK(header(headers, "authorization").find("host;x-amz-date;x-amz-security-token") !=
          std::string::npos);
}

TEST_CASE("an AWS key is taken apart, and a broken one refused without being shown",
          "[providers]") {
    auto key = parse_aws_key(Secret("AKIA1|s/e+c|eu-west-1"));
    REQUIRE(key);
    CHECK(key->access_key_id == "AKIA1");
    CHECK(key->secret.reveal() == "s/e+c");
    CHECK(key->region == "eu-west-1");
    CHECK(key->session_token.empty());
    auto temporary = parse_aws_key(Secret("ASIA1|secret|eu-west-1|token"));
    REQUIRE(temporary);
    CHECK(temporary->session_token.reveal() == "token");
    for (const char* bad : {"", "AKIA1", "AKIA1|secret", "AKIA1||eu", "a|b|c|d|e", "|b|c"}) {
        CAPTURE(bad);
        auto refused = parse_aws_key(Secret(bad));
        REQUIRE(!refused);
        CHECK(refused.error().message.find("secret|") == std::string::npos);
    }
}
