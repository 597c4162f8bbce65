#include "core/llm/media_reply.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace obliv;
using namespace obliv::llm;

namespace {

const std::string used = R"("usage":{"input_tokens":50,"output_tokens":7,)"
                         R"("input_tokens_details":{"text_tokens":10,"image_tokens":40}})";

std::string event(const std::string& type, const std::string& more) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + more + "}\n\n";
}

struct Fed {
    std::string out;
    MediaScan scan;
};

/// Feeds `text` in pieces of random sizes, or byte by byte.
Fed feed(MediaScan scan, const std::string& text, Random* random) {
    Fed fed{"", std::move(scan)};
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t size = random == nullptr ? text.size() : random->below(40) + 1;
        std::vector<std::string_view> payload{std::string_view(text).substr(at, size)};
        std::vector<std::string_view> out;
        bool same = fed.scan.feed(payload, out);
        std::string shown;
        for (auto piece : out)
            shown += piece;
        CHECK(same == (shown == payload[0]));
        fed.out += shown;
        at += size;
    }
    return fed;
}

}  // namespace

TEST_CASE("a reply tells the size and quality of its images, wherever it is cut", "[llm]") {
    auto seed = static_cast<std::uint64_t>(real_clock().wall().time_since_epoch().count());
    INFO("seed " << seed);
    Random random(seed);
    const std::string told = R"("quality":"medium","size":"1536x1024",)";
    const std::string prompt = R"("revised_prompt":"\"size\":\"1x1\" \"quality\":\"low\"",)";
    auto whole = "{" + told + R"("data":[{)" + prompt + R"("b64_json":"ZG9uZQ=="}],)" + used + "}";
    auto stream = event("image_generation.completed", told + "\"b64_json\":\"ZG9uZQ==\"," + used);
    for (int round = 0; round < 300; ++round) {
        auto* cut = round == 0 ? nullptr : &random;
        for (const auto& fed : {feed({MediaScan::Form::json, 1}, whole, cut),
                                feed({MediaScan::Form::stream, 1}, stream, cut)}) {
            REQUIRE(fed.scan.made().size == "1536x1024");
            REQUIRE(fed.scan.made().quality == "medium");
        }
    }
    auto other = feed({MediaScan::Form::json, 1}, R"({"size":7,"quality":"fine"})", nullptr);
    CHECK(other.scan.made().size.empty());
    CHECK(other.scan.made().quality.empty());
}

TEST_CASE("a stream of images is understood and held at its end, wherever it is cut", "[llm]") {
    auto seed = static_cast<std::uint64_t>(real_clock().wall().time_since_epoch().count());
    INFO("seed " << seed);
    Random random(seed);
    auto partial = event("image_generation.partial_image", "\"b64_json\":\"cGFydA==\"");
    auto whole = event("image_generation.completed", "\"b64_json\":\"ZG9uZQ==\"," + used);
    auto text = partial + whole + whole;
    for (int round = 0; round < 300; ++round) {
        auto fed = feed({MediaScan::Form::stream, 2}, text, round == 0 ? nullptr : &random);
        REQUIRE(fed.out == text.substr(0, text.size() - 2));
        REQUIRE(fed.scan.closing() == "\n\n");
        REQUIRE(fed.scan.images() == 2);
        REQUIRE(fed.scan.facts().done);
        REQUIRE(fed.scan.facts().finish_reason == "completed");
        REQUIRE(fed.scan.facts().usage);
        CHECK(fed.scan.facts().usage->input == 20);
        CHECK(fed.scan.facts().usage->image_in == 80);
        CHECK(fed.scan.facts().usage->output == 14);
    }
}

TEST_CASE("a whole reply of images is counted, wherever it is cut", "[llm]") {
    Random random(7);
    std::string text = R"({"created":1,"data":[{"b64_json":")" + std::string(500, 'A') +
                       R"("},{"url" : "https://x.test/\"usage\":{}"}],)" + used + "}";
    for (int round = 0; round < 300; ++round) {
        auto fed = feed({MediaScan::Form::json, 2}, text, round == 0 ? nullptr : &random);
        REQUIRE(fed.out == text);
        REQUIRE(fed.scan.images() == 2);
        REQUIRE(fed.scan.facts().usage);
        CHECK(fed.scan.facts().usage->output == 7);
        CHECK_FALSE(fed.scan.facts().done);
    }
}

TEST_CASE("an error in a stream is withheld from its event's start on", "[llm]") {
    auto partial = event("image_edit.partial_image", "\"b64_json\":\"cA==\"");
    auto failed = event("error", R"("error":{"message":"no"})");
    auto fed = feed({MediaScan::Form::stream, 1}, partial + failed, nullptr);
    CHECK(fed.out == partial);
    CHECK(fed.scan.facts().error);
    CHECK(fed.scan.error() == R"({"type":"error","error":{"message":"no"}})");
}

TEST_CASE("behind an error or the last event nothing is billed, wherever a stream is cut",
          "[llm]") {
    Random random(5);
    auto made =
        event("image_generation.completed", "\"size\":\"1x1\",\"b64_json\":\"QQ==\"," + used);
    auto error = event("error", R"("error":{"message":"m"})");
    auto failed = error + made;
    auto twice = made + event("image_generation.completed", "\"size\":\"2x2\"," + used);
    for (int round = 0; round < 100; ++round) {
        auto* cut = round == 0 ? nullptr : &random;
        auto none = feed({MediaScan::Form::stream, 1}, failed, cut);
        CHECK(none.scan.images() == 0);
        CHECK(none.scan.made().size.empty());
        CHECK_FALSE(none.scan.facts().usage);
        auto one = feed({MediaScan::Form::stream, 1}, twice, cut);
        CHECK(one.scan.images() == 1);
        CHECK(one.scan.made().size == "1x1");
        REQUIRE(one.scan.facts().usage);
        CHECK(one.scan.facts().usage->output_all() == 7);
        CHECK(one.out + std::string(one.scan.closing()) == twice);
    }
}

TEST_CASE("bytes that are no text are not looked at", "[llm]") {
    std::string sound = R"({"usage":{"input_tokens":1},"type":"error"})";
    auto fed = feed({MediaScan::Form::bytes, 1}, sound, nullptr);
    CHECK(fed.out == sound);
    CHECK_FALSE(fed.scan.facts().usage);
    CHECK_FALSE(fed.scan.facts().error);
}

TEST_CASE("a transcript says how long its sound was", "[llm]") {
    auto number = feed({MediaScan::Form::json, 1}, R"({"duration":2.25,"text":"a"})", nullptr);
    CHECK(number.scan.seconds() == 3);
    auto text = feed({MediaScan::Form::json, 1}, R"({"duration":"8.47","text":"a"})", nullptr);
    CHECK(text.scan.seconds() == 9);
    for (std::string_view body :
         {R"({"duration":123.47,"text":"a"})", R"({"text":"a","duration":"123.47"})"})
        for (std::size_t cut = 1; cut < body.size(); ++cut) {
            INFO("cut at " << cut);
            MediaScan scan(MediaScan::Form::json, 1);
            std::vector<std::string_view> out;
            for (auto piece : {body.substr(0, cut), body.substr(cut)})
                scan.feed(std::span(&piece, 1), out);
            CHECK(scan.seconds() == 124);
        }
    auto none = feed({MediaScan::Form::json, 1}, R"({"duration":-1,"text":"a"})", nullptr);
    CHECK_FALSE(none.scan.seconds());
}
