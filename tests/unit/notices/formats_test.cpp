#include "daemon/notices/formats.hpp"

#include "core/base/encoding.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::notices;
using nlohmann::json;

namespace {

Notice notice() {
    Notice out;
    out.id = "01N";
    out.time = from_unix_nanos(1'700'000'000'000'000'000);
    out.kind = "channel.disabled";
    out.severity = Severity::critical;
    out.subject = "main";
    out.title = "channel main: <dead> & gone";
    out.text = "no answer\nwithin 10 s";
    return out;
}

}  // namespace

TEST_CASE("a webhook gets everything, signed with the time", "[notices]") {
    auto body = webhook_body(notice());
    auto said = json::parse(body);
    CHECK(said["id"] == "01N");
    CHECK(said["time"].get<std::string>().starts_with("2023-11-14T22:13:20"));
    CHECK(said["kind"] == "channel.disabled");
    CHECK(said["severity"] == "critical");
    CHECK(said["subject"] == "main");
    // By `printf '1700000000.{}' | openssl dgst -sha256 -hmac key`.
    CHECK(webhook_signature(Secret("key"), notice().time, "{}") ==
          "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
}

TEST_CASE("Slack's markup has no hold on a notice", "[notices]") {
    auto text = json::parse(slack_body(notice()))["text"].get<std::string>();
    CHECK(text == "channel main: &lt;dead&gt; &amp; gone\nno answer\nwithin 10 s");
}

TEST_CASE("DingTalk gets a text, and a signature in the query", "[notices]") {
    auto body = json::parse(dingtalk_body(notice()));
    CHECK(body["msgtype"] == "text");
    CHECK(body["text"]["content"].get<std::string>().starts_with("channel main"));
    auto query = dingtalk_query(Secret("SEC"), notice().time);
    CHECK(query.starts_with("&timestamp=1700000000000&sign="));
    auto sign = query.substr(query.rfind('=') + 1);
    CHECK(sign.find_first_of("+/=") == std::string::npos);
    CHECK(dingtalk_problem(R"({"errcode":0,"errmsg":"ok"})").empty());
    CHECK(dingtalk_problem(R"({"errcode":310000,"errmsg":"sign not match"})") == "errcode 310000");
    CHECK_FALSE(dingtalk_problem("<html>").empty());
    CHECK_FALSE(dingtalk_problem("{}").empty());
}

TEST_CASE("a mail has whole headers and a body that any server takes", "[notices]") {
    auto told = notice();
    told.title = "channel 东京: " + std::string(60, 'x') + "\r\nBcc: <evil@example.org>";
    told.text = std::string(200, 'y') + "\n.\n";
    auto mail = mail_text(told, "oblivd@example.org", {"a@example.org", "b@example.org"});
    auto end = mail.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    auto head = mail.substr(0, end + 2);
    CHECK(head.find("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n") == 0);
    CHECK(head.find("From: <oblivd@example.org>\r\n") != std::string::npos);
    CHECK(head.find("To: <a@example.org>,\r\n <b@example.org>\r\n") != std::string::npos);
    CHECK(head.find("Message-ID: <01N@example.org>\r\n") != std::string::npos);
    CHECK(head.find("\r\nBcc") == std::string::npos);
    std::size_t from = 0;
    std::string decoded;
    while ((from = head.find("=?UTF-8?B?", from)) != std::string::npos) {
        from += 10;
        auto word = from_base64(head.substr(from, head.find("?=", from) - from));
        REQUIRE(word);
        decoded += *word;
    }
    CHECK(decoded == told.title);
    std::string body;
    for (std::size_t at = end + 4; at < mail.size();) {
        auto line = mail.substr(at, mail.find("\r\n", at) - at);
        CHECK(line.size() <= 76);
        body += line;
        at += line.size() + 2;
    }
    auto words = from_base64(body);
    REQUIRE(words);
    CHECK(*words == told.title + "\n" + told.text + "\n");
}
