#include "core/metering/reply_meter.hpp"

#include "core/base/random.hpp"
#include "core/tokenizer/tokenizers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace obliv;
using namespace obliv::metering;
using llm::Voice;

namespace {

const tokenizer::Tokenizers& all() {
    static const auto opened = tokenizer::Tokenizers::open(OBLIV_VOCABULARIES);
    REQUIRE(opened);
    return *opened;
}

const std::string known = "gpt-4o";
const std::string unknown = "claude-sonnet-4-5";

std::int64_t tokens_of(const std::string& model, std::string_view text) {
    return all().count(model, text).tokens;
}

}  // namespace

TEST_CASE("a reply in pieces has the tokens of its whole text", "[metering]") {
    std::string text;
    for (int i = 0; i < 400; ++i)
        text += "Grüße, wörld — 你好 " + std::to_string(i * 7919) + "\n";
    auto seed = std::uint64_t{20260817};
    INFO("seed " << seed);
    Random random(seed);
    for (auto limit :
         {std::size_t{64}, ReplyMeter::stream_bytes_max, ReplyMeter::whole_bytes_max}) {
        ReplyMeter meter(all(), known);
        meter.keep_at_most(limit);
        for (std::size_t at = 0; at < text.size();) {
            auto length = std::min<std::size_t>(1 + random.below(40), text.size() - at);
            meter.heard(Voice::text, std::string_view(text).substr(at, length), false);
            at += length;
        }
        auto counts = meter.counts();
        CHECK(counts.output == tokens_of(known, text));
        CHECK(counts.reasoning == 0);
        CHECK(counts.exact);
    }
}

TEST_CASE("escapes count as what they say, wherever they are cut", "[metering]") {
    const std::string raw = R"(Say \"hi\"\n\u4f60\u597d \ud83d\ude00\\ done\/)";
    const std::string said = "Say \"hi\"\n你好 😀\\ done/";
    for (std::size_t cut = 0; cut <= raw.size(); ++cut) {
        ReplyMeter meter(all(), known);
        meter.keep_at_most(0);
        meter.heard(Voice::text, raw.substr(0, cut), true);
        meter.heard(Voice::text, raw.substr(cut), true);
        INFO("cut at " << cut);
        CHECK(meter.counts().output == tokens_of(known, said));
    }
}

TEST_CASE("each voice is counted by itself, and only text is exact", "[metering]") {
    ReplyMeter meter(all(), known);
    meter.heard(Voice::thought, "Let me think about it", false);
    meter.heard(Voice::text, "It is ", false);
    meter.heard(Voice::text, "forty-two.", false);
    auto counts = meter.counts();
    CHECK(counts.reasoning == tokens_of(known, "Let me think about it"));
    CHECK(counts.output == tokens_of(known, "It is forty-two."));
    CHECK(counts.exact);

    meter.heard(Voice::arguments, R"({"city":"Köln"})", false);
    CHECK(meter.counts().output == counts.output + tokens_of(known, R"({"city":"Köln"})"));
    CHECK_FALSE(meter.counts().exact);
}

TEST_CASE("what the provider told figures of is not counted again", "[metering]") {
    ReplyMeter meter(all(), known);
    meter.heard(Voice::text, "all of this was told", false);
    meter.told();
    CHECK(meter.counts().output == 0);
    meter.heard(Voice::text, "and this was not", false);
    CHECK(meter.counts().output == tokens_of(known, "and this was not"));
    meter.forget();
    CHECK(meter.counts().output == 0);
    CHECK(meter.counts().exact);
}

TEST_CASE("a model without a public tokenizer is estimated, and says so", "[metering]") {
    ReplyMeter meter(all(), unknown);
    const std::string text = "A sentence of seven words, more or less.";
    meter.heard(Voice::text, text, false);
    auto counts = meter.counts();
    CHECK(counts.output == tokens_of(unknown, text));
    CHECK_FALSE(counts.exact);
}
