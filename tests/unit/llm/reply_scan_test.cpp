#include "core/llm/reply_scan.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::llm;

namespace {

const std::string role =
    "data: "
    "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
    "\"finish_reason\":null}],\"usage\":null}\n\n";
const std::string hello = "data: "
                          "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
                          "\"Hel\\\"lo\"},\"finish_reason\":null}],\"usage\":null}\n\n";
const std::string finish = "data: "
                           "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
                           "\"stop\"}],\"usage\":null}\n\n";
const std::string usage = "data: "
                          "{\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"
                          "\"completion_tokens\":4,\"total_tokens\":13}}\n\n";
const std::string done = "data: [DONE]\n\n";
const std::string ping = ": keep-alive\n\n";

struct Run {
    std::string forwarded;
    bool as_it_came = true;
    StreamScan scan;
};

Run run(std::string_view stream, bool withhold, const std::vector<std::size_t>& cuts = {}) {
    Run result{{}, true, StreamScan({withhold, 1 << 20})};
    auto feed = [&](std::string_view piece) {
        std::vector<std::string_view> out;
        auto same = result.scan.feed(std::span(&piece, 1), out);
        REQUIRE(same);
        std::string joined;
        for (auto part : out)
            joined += part;
        if (*same)
            CHECK(joined == piece);
        result.as_it_came = result.as_it_came && *same;
        result.forwarded += joined;
    };
    std::size_t at = 0;
    for (auto cut : cuts) {
        feed(stream.substr(at, cut - at));
        at = cut;
    }
    feed(stream.substr(at));
    return result;
}

}  // namespace

TEST_CASE("content passes as it came and only the closing waits", "[llm]") {
    auto content = run(role + ping + hello, true);
    CHECK(content.forwarded == role + ping + hello);
    CHECK(content.as_it_came);
    CHECK(content.scan.facts().text_bytes == 7);
    CHECK(!content.scan.facts().done);

    auto all = run(role + hello + finish + done + "\n", true);
    CHECK(all.forwarded == role + hello + finish);
    CHECK(all.scan.closing() == done + "\n");
    CHECK(all.scan.facts().done);
    CHECK(all.scan.facts().finish_reason == "stop");
}

TEST_CASE("the usage event is withheld from who did not ask, its numbers kept", "[llm]") {
    auto withheld = run(role + hello + finish + usage + done, true);
    CHECK(withheld.forwarded == role + hello + finish);
    REQUIRE(withheld.scan.facts().usage);
    CHECK(withheld.scan.facts().usage->input == 9);
    CHECK(withheld.scan.facts().usage->output == 4);

    auto asked = run(role + hello + finish + usage + done, false);
    CHECK(asked.forwarded == role + hello + finish + usage);
    CHECK(asked.scan.facts().usage);
}

TEST_CASE("usage inside the finish event is read and the event is not withheld", "[llm]") {
    std::string both =
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}],\"usage\": "
        "{\"prompt_tokens\": 3, \"completion_tokens\": 0}}\n\n";
    auto result = run(both + done, true);
    CHECK(result.forwarded == both);
    CHECK(result.scan.facts().usage->input == 3);
    CHECK(result.scan.facts().finish_reason == "length");
    std::string filter = "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n";
    CHECK(run(filter, true).forwarded == filter);
}

TEST_CASE("a stream cut anywhere forwards the same bytes and learns the same", "[llm]") {
    auto crlf =
        std::string("data: {\"choices\":[{\"delta\":{\"content\":\"\xE4\xBD\xA0\"}}]}\r\n\r\n");
    auto stream = role + ping + hello + crlf + finish + usage + done;
    auto expected = role + ping + hello + crlf + finish;
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        auto result = run(stream, true, {cut});
        CHECK(result.forwarded == expected);
        CHECK(result.scan.closing() == done);
        CHECK(result.scan.facts().usage == run(stream, true).scan.facts().usage);
        CHECK(result.scan.facts().text_bytes == 10);
    }
    auto seed = GENERATE(range(1, 50));
    INFO("seed " << seed);
    Random random(static_cast<std::uint64_t>(seed));
    std::vector<std::size_t> cuts;
    for (std::size_t at = random.below(9); at < stream.size(); at += 1 + random.below(40))
        cuts.push_back(at);
    CHECK(run(stream, true, cuts).forwarded == expected);
}

TEST_CASE("an error event is noticed, a word in a text is not", "[llm]") {
    CHECK(run("data: {\"error\":{\"message\":\"no\"}}\n\n", true).scan.facts().error);
    CHECK(!run("data: {\"choices\":[{\"delta\":{\"content\":\"\\\"error\\\":\"}}]}\n\n", true)
               .scan.facts()
               .error);
}

TEST_CASE("reasoning, tool arguments and refusals count as produced", "[llm]") {
    auto facts = run("data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"abc\"}}]}\n\n"
                     "data: "
                     "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{"
                     "\"arguments\":\"{}\"}}]}}]}\n\n"
                     "data: {\"choices\":[{\"delta\":{\"refusal\":\"no\",\"content\":null}}]}\n\n",
                     true)
                     .scan.facts();
    CHECK(facts.reasoning_bytes == 3);
    CHECK(facts.text_bytes == 4);
}

TEST_CASE("a large event passes whole, one over the limit is an error", "[llm]") {
    std::string big = "data: {\"choices\":[{\"delta\":{\"content\":\"" +
                      std::string(1'000'000, 'x') + "\"}}]}\n\n";
    std::vector<std::size_t> cuts;
    for (std::size_t at = 16'384; at < big.size(); at += 16'384)
        cuts.push_back(at);
    auto result = run(big, true, cuts);
    CHECK(result.forwarded == big);
    CHECK(result.scan.facts().text_bytes == 1'000'000);

    StreamScan small({true, 1000});
    std::vector<std::string_view> out;
    std::string_view piece = std::string_view(big).substr(0, 2000);
    CHECK(!small.feed(std::span(&piece, 1), out));
}

TEST_CASE("a plain reply gives the same facts whole and cut anywhere", "[llm]") {
    std::string reply =
        R"({"id":"x","choices":[{"message":{"role":"assistant","content":"He said \"usage\": {1} \\"},"finish_reason":"stop"}],)"
        R"("usage":{"prompt_tokens":11,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":1}},"x":1})";
    PlainScan whole;
    whole.feed(reply);
    REQUIRE(whole.facts().usage);
    CHECK(whole.facts().usage->cache_read == 1);
    CHECK(whole.facts().finish_reason == "stop");
    for (std::size_t cut = 0; cut <= reply.size(); ++cut) {
        PlainScan cut_scan;
        cut_scan.feed(std::string_view(reply).substr(0, cut));
        cut_scan.feed(std::string_view(reply).substr(cut));
        INFO(cut);
        CHECK(cut_scan.facts().usage == whole.facts().usage);
        CHECK(cut_scan.facts().finish_reason == "stop");
    }
    PlainScan bytes;
    for (char c : reply)
        bytes.feed(std::string_view(&c, 1));
    CHECK(bytes.facts().usage == whole.facts().usage);
}

TEST_CASE("a reply that begins its figures over and over has none, and still ends", "[llm]") {
    std::string reply = R"({"choices":[{"finish_reason":"stop"}],)"
                        R"("usage":{"prompt_tokens":1,"completion_tokens":1})";
    for (int i = 0; i < 5000; ++i)
        reply += R"(,"usage":{"usage":{)";
    PlainScan scan;
    scan.feed(reply);
    CHECK_FALSE(scan.facts().usage);  // so many are not gone through
    CHECK(scan.facts().finish_reason == "stop");
}

TEST_CASE("the pieces of one read all stay valid together", "[llm]") {
    auto stream = role + hello + finish + usage;
    for (std::size_t size = 1; size < 40; ++size) {
        std::vector<std::string_view> read;
        for (std::size_t at = 0; at < stream.size(); at += size)
            read.push_back(std::string_view(stream).substr(at, size));
        StreamScan scan({true, 1 << 20});
        std::vector<std::string_view> out;
        REQUIRE(scan.feed(read, out));
        std::string joined;
        for (auto part : out)
            joined += part;
        INFO("pieces of " << size);
        CHECK(joined == role + hello + finish);
    }
}

TEST_CASE("nothing is forwarded after the closing event, however it comes", "[llm]") {
    CHECK(run(hello + done + hello, true).forwarded == hello);
    auto stream = hello + done + hello;
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        auto result = run(stream, true, {cut});
        CHECK(result.forwarded == hello);
        CHECK(result.scan.closing() == done + hello);
    }
}

TEST_CASE("the closing event is known among other lines and with spaces", "[llm]") {
    for (std::string closing :
         {"data:[DONE]\n\n", "data: [DONE] \n\n", "event: end\ndata: [DONE]\n\n",
          "id: 7\r\ndata: [DONE]\r\n\r\n", ": bye\ndata: [DONE]\n\n"}) {
        INFO(closing);
        auto result = run(hello + closing, true);
        CHECK(result.scan.facts().done);
        CHECK(result.forwarded == hello);
        CHECK(result.scan.closing() == closing);
    }
}

TEST_CASE("an error event is kept back for whoever takes the secrets out", "[llm]") {
    auto result = run(hello + "data: {\"error\":{\"message\":\"sk-x\"}}\n\n" + done, true);
    CHECK(result.forwarded == hello);
    CHECK(result.scan.error() == "{\"error\":{\"message\":\"sk-x\"}}");
    CHECK(result.scan.closing() == done);
    // No error at all: it is forwarded, and its text counts.
    auto harmless =
        run("data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"abc\"}}]}\n\n", true);
    CHECK(!harmless.scan.facts().error);
    CHECK(harmless.scan.facts().text_bytes == 3);
    CHECK(!run("data: {\"id\":\"x\",\"error\":null}\n\n", true).scan.facts().error);
}

TEST_CASE("what a stream says after its report of usage is counted apart", "[llm]") {
    auto early = run(hello + usage + hello + hello, false).scan.facts();
    CHECK(early.text_bytes == 21);
    CHECK(early.text_bytes_after_usage == 14);
    CHECK(run(hello + usage + hello + usage, false).scan.facts().text_bytes_after_usage == 0);
    CHECK(run(hello + hello, false).scan.facts().text_bytes_after_usage == 0);
    auto both = run("data: {\"choices\":[{\"delta\":{\"content\":\"abc\"}}],"
                    "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}\n\n",
                    false);
    CHECK(both.scan.facts().text_bytes_after_usage == 0);
}

TEST_CASE("a plain reply that is an error is known by its first bytes", "[llm]") {
    auto is_error = [](std::string_view reply) {
        PlainScan scan;
        scan.feed(reply);
        return scan.facts().error;
    };
    CHECK(is_error(" {\"error\":{\"message\":\"no\"}}"));
    CHECK(!is_error("{\"error\":null,\"choices\":[]}"));
    CHECK(!is_error("{\"choices\":[{\"message\":{\"content\":\"\\\"error\\\":{\"}}]}"));
}

TEST_CASE("a plain reply is measured where its figures do not tell", "[llm]") {
    constexpr std::string_view message = R"({"choices":[{"message":{"content":"hello"}}])";
    PlainScan without;
    without.feed(std::string(message) + "}");
    CHECK(without.facts().text_bytes == 5);
    PlainScan zeros;
    zeros.feed(std::string(message) + R"(,"usage":{"prompt_tokens":0,"completion_tokens":0}})");
    CHECK(zeros.facts().text_bytes == 5);
}

TEST_CASE("usage that comes behind the closing event is read", "[llm]") {
    auto whole = run(hello + finish + done + usage, true);
    CHECK(whole.scan.facts().usage->input == 9);
    auto all = hello + finish + done + usage;
    auto at = (hello + finish + done).size();
    auto cut = run(all, true, {at, at + 30});
    CHECK(cut.scan.facts().usage->output == 4);
    CHECK(cut.scan.closing() == done + usage);
    CHECK_FALSE(run(hello + finish + done, true).scan.facts().usage);
}

TEST_CASE("what is produced beyond the limit waits, event by event, and goes on", "[llm]") {
    auto all = role + hello + hello + hello + finish + done;
    auto one = std::string_view("Hel\\\"lo").size();
    for (std::size_t step : {all.size(), std::size_t{1}}) {
        StreamScan scan({true, 1 << 20, static_cast<std::uint32_t>(one)});
        std::string shown;
        auto take = [&shown](const std::vector<std::string_view>& out) {
            for (auto part : out)
                shown += part;
        };
        for (std::size_t at = 0; at < all.size(); at += step) {
            auto piece = std::string_view(all).substr(at, step);
            std::vector<std::string_view> out;
            REQUIRE(scan.feed(std::span(&piece, 1), out));
            take(out);
        }
        CHECK(scan.facts().over);
        CHECK_FALSE(scan.facts().done);
        CHECK(shown == role + hello + hello);  // the one that went over it is shown
        std::vector<std::string_view> out;
        REQUIRE(scan.go_on(1000, out));
        take(out);
        CHECK_FALSE(scan.facts().over);
        CHECK(scan.facts().done);
        CHECK(shown == role + hello + hello + hello + finish);
        CHECK(scan.closing() == done);
    }
}
