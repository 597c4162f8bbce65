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
        auto url = provider->default_base_url;
        // Of Azure every customer has one; local servers have no certificates.
        CHECK((url.empty() || url.starts_with("https://") || url.starts_with("http://127.0.0.1:")));
        CHECK_FALSE(url.ends_with('/'));
    }
    CHECK(find("nobody") == nullptr);
    CHECK(find("") == nullptr);
}

TEST_CASE("an OpenAI channel is asked where its SDK would ask", "[providers]") {
    const auto* openai = find("openai");
    REQUIRE(openai != nullptr);
    Endpoint endpoint{"https://example.test/v1", Secret("sk-1")};
    CHECK(*base_url_of(*openai, endpoint) == "https://example.test/v1");
    auto headers = headers_of(*openai, endpoint);
    REQUIRE(headers.size() == 1);
    CHECK(headers[0].first == "authorization");
    CHECK(headers[0].second == "Bearer sk-1");
    CHECK(headers_of(*openai, {"https://example.test/v1", Secret()}).empty());
    const auto* chat = chat_offer(*openai, nullptr);
    REQUIRE(chat != nullptr);
    CHECK_FALSE(varies(*chat));
    CHECK(path_of(*chat, "m", true) == "/chat/completions");
    CHECK(find_offer(*openai, Operation::models)->method == "GET");
    CHECK(find_offer(*openai, Operation::rerank) == nullptr);
}

namespace {

constexpr wire::Wire one{"one", llm::ErrorShape::openai, nullptr, nullptr, nullptr, nullptr};
constexpr wire::Wire two{"two", llm::ErrorShape::openai, nullptr, nullptr, nullptr, nullptr};
constexpr Offer offers[] = {
    {Operation::chat, &one, "/models/{model}:generate", "/models/{model}:stream?alt=sse"},
    {Operation::chat, &two, "/second"},
};
constexpr std::pair<std::string_view, std::string_view> fixed[] = {{"x-version", "7"}};

}  // namespace

TEST_CASE("a path may name the model, and a stream may be asked elsewhere", "[providers]") {
    CHECK(varies(offers[0]));
    CHECK(path_of(offers[0], "a/b:1", false) == "/models/a%2Fb%3A1:generate");
    CHECK(path_of(offers[0], "m", true) == "/models/m:stream?alt=sse");
    CHECK(path_of(offers[1], "m", true) == "/second");
}

TEST_CASE("a caller's own format is preferred where the provider speaks it", "[providers]") {
    Provider provider{"p", "https://p.test", offers};
    CHECK(chat_offer(provider, &two) == &offers[1]);
    CHECK(chat_offer(provider, &one) == &offers[0]);
    CHECK(chat_offer(provider, nullptr) == &offers[0]);
    CHECK(chat_offer(Provider{"q", "https://q.test", {}}, &one) == nullptr);
}

TEST_CASE("a key goes where the provider wants it, or nowhere if calls are signed", "[providers]") {
    Provider provider{"p", "https://p.test", offers};
    provider.headers = fixed;
    provider.credential = {"x-api-key", ""};
    Endpoint endpoint{"https://p.test", Secret("id|secret")};
    using Sent = std::vector<std::pair<std::string, std::string>>;
    CHECK(headers_of(provider, endpoint) == Sent{{"x-version", "7"}, {"x-api-key", "id|secret"}});
    provider.credential_of = [](const Secret& key) {
        return std::string(key.reveal().substr(0, key.reveal().find('|')));
    };
    CHECK(headers_of(provider, endpoint) == Sent{{"x-version", "7"}, {"x-api-key", "id"}});
    provider.sign = [](const Endpoint&, WallTime, Outgoing&) { return ok(); };
    CHECK(headers_of(provider, endpoint) == Sent{{"x-version", "7"}});
}

TEST_CASE("a part of the base URL may lie in the key", "[providers]") {
    Provider provider{"p", "https://{region}.p.test", offers};
    provider.base_url = [](const Endpoint& endpoint) -> Result<std::string> {
        return "https://" + std::string(endpoint.key.reveal()) + ".p.test";
    };
    CHECK(*base_url_of(provider, {"", Secret("eu")}) == "https://eu.p.test");
}
