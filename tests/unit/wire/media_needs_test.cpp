#include "core/wire/media_needs.hpp"
#include "tests/unit/wire/building.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::llm;
using namespace obliv::test;
using Kind = Media::Kind;
using Source = Media::Source;

namespace {

std::vector<Media*> wanted(ChatRequest& request, std::string_view wire) {
    return wire::media_to_fetch(request, *wire::find(wire));
}

constexpr std::string_view picture("\x89PNG\r\n\x1a\n rest", 13);

}  // namespace

TEST_CASE("only what a format takes no URLs of is fetched", "[wire]") {
    auto request = ask("see");
    auto& content = request.messages[0].content;
    content.push_back({media(Kind::image, Source::url, "HTTPS://example.test/a.png")});
    content.push_back({media(Kind::document, Source::url, "http://example.test/b.pdf")});
    content.push_back({media(Kind::audio, Source::url, "http://example.test/c.wav")});
    content.push_back({media(Kind::video, Source::url, "https://youtu.be/x")});
    content.push_back({media(Kind::image, Source::url, "gs://bucket/a.png")});
    content.push_back({media(Kind::image, Source::file_id, "http-like")});
    content.push_back({png("QUJD")});
    auto count = [&](std::string_view wire) { return wanted(request, wire).size(); };
    CHECK(count("gemini") == 3);
    CHECK(count("bedrock") == 2);
    CHECK(count("ollama") == 2);
    CHECK(count("openai") == 2);
    CHECK(count("cohere") == 1);
    CHECK(count("responses") == 1);
    CHECK(count("anthropic") == 0);
    CHECK(wanted(request, "bedrock")[0]->data == "HTTPS://example.test/a.png");
}

TEST_CASE("a tool's result is looked into", "[wire]") {
    auto request = ask("x");
    ToolResult result;
    result.call_id = "c";
    result.content.push_back({media(Kind::image, Source::url, "http://example.test/a.png")});
    auto message = says(Role::tool);
    message.content.push_back({result});
    request.messages.push_back(message);
    REQUIRE(wanted(request, "gemini").size() == 1);
    REQUIRE(wire::supply(*wanted(request, "gemini")[0], picture, "image/png"));
    CHECK(wanted(request, "gemini").empty());
}

TEST_CASE("what was fetched takes the place of the URL", "[wire]") {
    auto image = media(Kind::image, Source::url, "http://example.test/a");
    image.detail = "low";
    for (auto type : {"image/png", "", "application/octet-stream"}) {
        auto one = image;
        REQUIRE(wire::supply(one, picture, type));
        CHECK(one.source == Source::base64);
        CHECK(one.media_type == "image/png");
        CHECK(one.data == "iVBORw0KGgogcmVzdA==");
        CHECK(one.detail == "low");
    }
    auto text = media(Kind::document, Source::url, "http://example.test/a.md");
    REQUIRE(wire::supply(text, "# Hi", "text/markdown"));
    CHECK((text.source == Source::text && text.data == "# Hi"));
    auto pdf = media(Kind::document, Source::url, "http://example.test/a");
    REQUIRE(wire::supply(pdf, "%PDF-1.7", ""));
    CHECK((pdf.source == Source::base64 && pdf.media_type == "application/pdf"));
}

TEST_CASE("what is not of the medium's kind is refused and stays a URL", "[wire]") {
    auto refuses = [](Kind kind, std::string_view bytes, std::string_view type) {
        auto one = media(kind, Source::url, "http://example.test/a");
        auto before = one;
        auto done = wire::supply(one, bytes, type);
        return !done && done.error().code == Code::invalid_request && one == before;
    };
    CHECK(refuses(Kind::image, "<html>", "text/html"));
    CHECK(refuses(Kind::image, "root:x:0:0", ""));
    CHECK(refuses(Kind::image, "{}", "application/octet-stream"));
    CHECK(refuses(Kind::image, "", "image/png"));
    CHECK(refuses(Kind::audio, "x", "image/png"));
    CHECK(refuses(Kind::video, "x", "audio/wav"));
    CHECK(refuses(Kind::document, "x", "application/zip"));
}
