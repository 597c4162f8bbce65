#include "core/providers/provider.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::providers;

TEST_CASE("every provider is found by its name and stands in order", "[providers]") {
    auto list = all();
    CHECK(std::is_sorted(list.begin(), list.end(),
                         [](auto* a, auto* b) { return a->name < b->name; }));
    for (const auto* provider : list) {
        CHECK(find(provider->name) == provider);
        CHECK(provider->default_base_url.starts_with("https://"));
    }
    CHECK(find("nobody") == nullptr);
    CHECK(find("") == nullptr);
}

TEST_CASE("an OpenAI channel is asked where its SDK would ask", "[providers]") {
    const auto* openai = find("openai");
    REQUIRE(openai != nullptr);
    auto chat = openai->chat({"https://example.test/v1", Secret("sk-1")});
    CHECK(chat.url == "https://example.test/v1/chat/completions");
    REQUIRE(chat.headers.size() == 1);
    CHECK(chat.headers[0].first == "authorization");
    CHECK(chat.headers[0].second == "Bearer sk-1");
    CHECK(openai->models({"https://example.test/v1", Secret()}).url ==
          "https://example.test/v1/models");
    CHECK(openai->models({"https://example.test/v1", Secret()}).headers.empty());
}
