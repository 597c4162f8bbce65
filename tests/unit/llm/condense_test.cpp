#include "core/llm/condense.hpp"

#include "core/llm/body_fields.hpp"
#include "core/llm/call_needs.hpp"
#include "core/llm/estimate.hpp"
#include "tests/support/padded.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace obliv;
using namespace obliv::llm;
using obliv::test::Padded;

namespace {

constexpr std::size_t plenty = 64U << 20;

Condensed condensed(std::string_view body) {
    auto made = condense(body, plenty);
    REQUIRE(made);
    REQUIRE(*made);
    return std::move(**made);
}

/// The same call, read from the body and from what is left of it.
void check_same_call(std::string_view body) {
    Padded padded(body);
    auto whole = parse_chat_call(padded.view());
    auto small = condensed(padded.view());
    auto call = parse_chat_call(small.view());
    REQUIRE(call.has_value() == whole.has_value());
    if (!whole) {
        CHECK(call.error().message == whole.error().message);
        return;
    }
    small.to_body(*call);
    for (const char* model : {"m", "another"}) {
        auto edits = upstream_edits(*call, model);
        CHECK(edited(std::string(body), edits) ==
              edited(std::string(body), upstream_edits(*whole, model)));
    }
    CHECK(needs_of(*call, small.view()) == needs_of(*whole, padded.view()));
    auto changes = parse_field_changes(R"({"temperature":0,"user":null,"seed":7})");
    REQUIRE(changes);
    auto edits = field_edits(small.view(), *changes);
    small.to_body(edits);
    CHECK(edited(std::string(body), edits) ==
          edited(std::string(body), field_edits(padded.view(), *changes)));
    CHECK(small.input_bound == input_tokens_bound(body));
    CHECK(small.input_estimate == estimate_input_tokens(body));
}

std::string long_text(std::mt19937_64& random) {
    static const std::vector<std::string> parts{
        "word ",        "\\\"", "\\\\", "ü", "漢", "😀", "\\u00e9", "data:image/png;base64,AAAA",
        "{\"model\":1}"};
    std::string out;
    auto size = random() % 3 == 0 ? random() % 400'000 : random() % 600;
    while (out.size() < size) {
        auto pick = random() % (parts.size() + 4);
        auto part = pick < parts.size() ? parts[pick] : parts[0];
        if (part.starts_with('{'))
            part = "{\\\"model\\\":1}";
        out += part;
    }
    return out;
}

}  // namespace

TEST_CASE("a condensed body is the same call, whatever its texts", "[llm]") {
    auto seed = static_cast<std::uint64_t>(Catch::rngSeed());
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 60; ++round) {
        std::vector<std::string> fields{
            R"("model": "m")",
            R"("messages":[{"role":"user","content":")" + long_text(random) +
                R"("},{"role":"user","content":[{"type":"image_url","image_url":{"url":")" +
                long_text(random) + R"("}}]}])",
            R"("user":")" + long_text(random) + "\"",
            R"("stream" : true)",
            R"("stream_options":{"include_usage":false})",
            R"("temperature":0.5)",
            R"("tools":[])"};
        std::shuffle(fields.begin(), fields.end(), random);
        fields.resize(random() % 3 == 0 ? fields.size() - 2 : fields.size());
        std::string body = " {";
        for (const auto& field : fields)
            body += (body.size() > 2 ? ",\n" : "") + field;
        check_same_call(body + "}");
    }
}

TEST_CASE("a long string is nearly all that condensing takes out", "[llm]") {
    std::string body = R"({"model":"m","messages":[{"role":"user","content":")" +
                       std::string(5'000'000, 'x') + "\"}]}";
    CHECK(condensed(body).view() == R"({"model":"m","messages":[{"role":"user","content":""}]})");
    std::string kept(Condensed::string_bytes_kept, 'k');
    body = R"({"a":")" + kept + "\"}";
    CHECK(condensed(body).view() == body);
    body = R"({"a":")" + kept + "k\"}";
    CHECK(condensed(body).view() == R"({"a":""})");
}

TEST_CASE("what a condensed body leaves out is checked like the rest", "[llm]") {
    std::string filler(200'000, 'x');
    auto body = [&](const std::string& inside) {
        return R"({"model":"m","messages":[{"role":"user","content":")" + filler + inside + filler +
               "\"}]}";
    };
    for (const std::string bad : {"\xff", "\xc3", "\xed\xa0\x80", "\n", "\x01"}) {
        auto made = condense(body(bad), plenty);
        REQUIRE_FALSE(made);
        CHECK(made.error().code == Code::invalid_request);
        Padded padded(body(bad));
        auto whole = parse_chat_call(padded.view());
        REQUIRE_FALSE(whole);
        CHECK(made.error().message == whole.error().message);
    }
    for (const std::string good : {"ü", "\\\"", "\\\\", "\\n", "\\\\\\\""})
        check_same_call(body(good));
    // Characters and escapes on every place of a window's edge.
    for (std::size_t shift = 0; shift < 8; ++shift) {
        std::string text(shift, 'a');
        while (text.size() < 300'000)
            text += "😀\\\"\\\\";
        check_same_call(R"({"model":"m","messages":[{"role":"user","content":")" + text + "\"}]}");
    }
    check_same_call(R"({"model":"m","messages":[{"role":"user","content":")" + filler);
    check_same_call(R"({"model":"m","messages":[{"role":"user","content":")" + filler + "\\");
}

TEST_CASE("media in a long string count once, wherever their mark lies", "[llm]") {
    for (std::size_t before : {0UL, 300UL, 131'000UL, 131'065UL, 131'070UL, 131'072UL, 262'140UL})
        for (std::size_t shift = 0; shift < 12; ++shift)
            check_same_call(R"({"model":"m","messages":[{"role":"user","content":")" +
                            std::string(before + shift, 'x') + ";base64," +
                            std::string(200'000, 'A') + "\"}]}");
}

TEST_CASE("a body that says much outside of strings is not condensed", "[llm]") {
    std::string body = R"({"model":"m","input":[)";
    while (body.size() < 300'000)
        body += "1,2,3,";
    body += "4]}";
    auto made = condense(body, 100'000);
    REQUIRE(made);
    CHECK_FALSE(*made);
}

TEST_CASE("every byte is passed once, front to back", "[llm]") {
    static std::size_t told;
    static const char* next;
    std::string body = R"({"model":"m","n":1,"messages":[{"role":"user","content":")" +
                       std::string(1'000'000, 'x') + "\"}]" + std::string(400'000, ' ') + "}";
    told = 0;
    next = body.data();
    auto note = [](std::string_view part) {
        CHECK(part.data() == next);
        next += part.size();
        told += part.size();
    };
    auto made = condense(body, plenty, note);
    REQUIRE(made);
    CHECK(told == body.size());
}
