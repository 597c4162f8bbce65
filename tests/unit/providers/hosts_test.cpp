#include "core/providers/provider.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::providers;

namespace {

/// Where a chat goes, for a channel with this base URL.
std::string chat_url(std::string_view name, std::string base_url = {}) {
    if (base_url.empty())
        base_url = find(name)->default_base_url;
    const auto* provider = find(name, base_url);
    REQUIRE(provider != nullptr);
    auto base = base_url_of(*provider, {base_url, Secret()});
    REQUIRE(base);
    const auto* chat = chat_offer(*provider, wire::find("openai"));
    REQUIRE(chat != nullptr);
    return *base + path_of(*chat, "a/b", false);
}

std::string authorization(std::string_view name, std::string_view key) {
    for (auto& [header, value] : headers_of(*find(name), {"", Secret(std::string(key))}))
        if (header == "authorization")
            return value;
    return {};
}

}  // namespace

TEST_CASE("every host is called where its own documentation says", "[providers]") {
    const std::vector<std::pair<std::string_view, std::string_view>> places{
        {"cerebras", "https://api.cerebras.ai/v1/chat/completions"},
        {"cohere", "https://api.cohere.com/v2/chat"},
        {"deepseek", "https://api.deepseek.com/chat/completions"},
        {"groq", "https://api.groq.com/openai/v1/chat/completions"},
        {"huggingface", "https://router.huggingface.co/v1/chat/completions"},
        {"llamacpp", "http://127.0.0.1:8080/v1/chat/completions"},
        {"minimax", "https://api.minimax.io/v1/chat/completions"},
        {"mistral", "https://api.mistral.ai/v1/chat/completions"},
        {"moonshot", "https://api.moonshot.ai/v1/chat/completions"},
        {"openrouter", "https://openrouter.ai/api/v1/chat/completions"},
        {"perplexity", "https://api.perplexity.ai/chat/completions"},
        {"qianfan", "https://qianfan.baidubce.com/v2/chat/completions"},
        {"qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"},
        {"spark", "https://spark-api-open.xf-yun.com/v1/chat/completions"},
        {"together", "https://api.together.xyz/v1/chat/completions"},
        {"vllm", "http://127.0.0.1:8000/v1/chat/completions"},
        {"xai", "https://api.x.ai/v1/chat/completions"},
        {"zhipu", "https://open.bigmodel.cn/api/paas/v4/chat/completions"},
    };
    for (auto [name, url] : places)
        CHECK(chat_url(name) == url);
}

TEST_CASE("Azure is called in the form that its base URL means", "[providers]") {
    CHECK(chat_url("azure", "https://r.openai.azure.com") ==
          "https://r.openai.azure.com/openai/deployments/a%2Fb/chat/completions"
          "?api-version=2024-10-21");
    CHECK(chat_url("azure", "https://r.openai.azure.com/openai/v1") ==
          "https://r.openai.azure.com/openai/v1/chat/completions");
    CHECK(chat_url("azure", "https://r.services.ai.azure.com/models") ==
          "https://r.services.ai.azure.com/models/chat/completions"
          "?api-version=2024-05-01-preview");
    for (const char* base :
         {"https://r.test", "https://r.test/openai/v1", "https://r.test/models"}) {
        auto headers = headers_of(*find("azure", base), {base, Secret("k")});
        REQUIRE(headers.size() == 1);
        CHECK(headers[0] == std::pair<std::string, std::string>{"api-key", "k"});
    }
}

TEST_CASE("Azure's Realtime, files and batches lie where its base URL means", "[providers]") {
    const auto* by_deployment = find("azure", "https://r.openai.azure.com");
    CHECK(path_of(*find_offer(*by_deployment, Operation::realtime), "voice 1", false) ==
          "/openai/realtime?api-version=2024-10-01-preview&deployment=voice%201");
    CHECK(find_offer(*by_deployment, Operation::files)->path ==
          "/openai/files?api-version=2024-10-21");
    CHECK(find_offer(*by_deployment, Operation::batches)->path ==
          "/openai/batches?api-version=2024-10-21");
    const auto* v1 = find("azure", "https://r.openai.azure.com/openai/v1");
    CHECK(path_of(*find_offer(*v1, Operation::realtime), "voice", false) ==
          "/realtime?model=voice");
    CHECK(find_offer(*v1, Operation::files)->path == "/files");
    CHECK(find_offer(*v1, Operation::batches)->path == "/batches");
}

TEST_CASE("Ollama is called in a caller's own format where it can be", "[providers]") {
    const auto* ollama = find("ollama");
    CHECK(chat_url("ollama") == "http://127.0.0.1:11434/v1/chat/completions");
    CHECK(chat_url("ollama", "http://host:1/v1") == "http://host:1/v1/chat/completions");
    CHECK(path_of(*chat_offer(*ollama, wire::find("ollama")), "m", true) == "/api/chat");
}

TEST_CASE("a Spark key of three parts is sent as two", "[providers]") {
    CHECK(authorization("spark", "app|key|secret") == "Bearer key:secret");
    CHECK(authorization("spark", "password") == "Bearer password");
}

TEST_CASE("a Zhipu key with a secret is proved, not sent", "[providers]") {
    const auto* zhipu = find("zhipu");
    WallTime now{std::chrono::milliseconds(1'700'000'000'000)};
    auto signed_with = [&](std::string key, std::string_view host) {
        Outgoing call{"POST", host, "/x", {}};
        REQUIRE(zhipu->sign({"", Secret(std::move(key))}, now, call));
        return call.headers.empty() ? std::string() : call.headers.at(0).second;
    };
    // Made by another implementation of the same.
    CHECK(
        signed_with("abc123.s3cret", "open.bigmodel.cn") ==
        "Bearer eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04ifQ."
        "eyJhcGlfa2V5IjoiYWJjMTIzIiwiZXhwIjoxNzAwMDAxODAwMDAwLCJ0aW1lc3RhbXAiOjE3MDAwMDAwMDAwMDB9."
        "fenPHYcQXQVFQwzfZwPuEbSrYpMvIMUV7C3LeC8cm_U");
    CHECK(signed_with("abc123.s3cret", "api.z.ai") == "Bearer abc123.s3cret");
    CHECK(signed_with("plain", "open.bigmodel.cn") == "Bearer plain");
    CHECK(signed_with("a\".b", "open.bigmodel.cn") == "Bearer a\".b");
    CHECK(signed_with("", "open.bigmodel.cn").empty());
    CHECK(headers_of(*zhipu, {"", Secret("abc123.s3cret")}).empty());
}

TEST_CASE("not every provider chats", "[providers]") {
    CHECK(chat_offer(*find("voyage"), nullptr) == nullptr);
    CHECK(find_offer(*find("voyage"), Operation::rerank)->path == "/rerank");
    CHECK(chat_offer(*find("deepgram"), nullptr) == nullptr);
    CHECK(authorization("deepgram", "k") == "Token k");
    CHECK(find("custom")->default_base_url.empty());
}

TEST_CASE("hosts differ by data", "[providers]") {
    CHECK(find("openai")->dialect.output_limit_field == "max_completion_tokens");
    CHECK(find("deepseek")->dialect.output_limit_field == "max_tokens");
    CHECK_FALSE(find("deepseek")->dialect.json_schema);
    CHECK_FALSE(find("mistral")->dialect.stream_options);
    CHECK(find("mistral")->dialect.tool_call_id_bytes == 9);
    CHECK(find("groq")->dialect.reasoning_field == "reasoning");
}

TEST_CASE("Qwen is called in the form that its base URL means", "[providers]") {
    const auto* native = find("qwen", "https://dashscope.aliyuncs.com/api/v1");
    const auto* chat = chat_offer(*native, wire::find("openai"));
    REQUIRE(chat != nullptr);
    CHECK(chat->wire == wire::find("dashscope"));
    CHECK(varies(*chat));
    CHECK(path_of(*chat, "qwen-max", true) == "/services/aigc/text-generation/generation");
    CHECK(path_of(*chat, "qwen-vl-max", false) ==
          "/services/aigc/multimodal-generation/generation");
    CHECK(find("qwen", find("qwen")->default_base_url) == find("qwen"));
}

TEST_CASE("Spark is called over a WebSocket where its base URL says so", "[providers]") {
    CHECK(chat_url("spark", "https://spark-api-open.xf-yun.com/v2") ==
          "https://spark-api-open.xf-yun.com/v2/chat/completions");
    std::string base = "wss://spark-api.xf-yun.com";
    const auto* spark = find("spark", base);
    const auto* chat = chat_offer(*spark, wire::find("openai"));
    REQUIRE(chat != nullptr);
    REQUIRE(chat->dialogue != nullptr);
    CHECK(*base_url_of(*spark, {base, Secret()}) == "https://spark-api.xf-yun.com");
    for (auto [model, path] : {std::pair{"lite", "/v1.1/chat"},
                               {"generalv3.5", "/v3.5/chat"},
                               {"4.0Ultra", "/v4.0/chat"},
                               {"max-32k", "/chat/max-32k"},
                               {"x1", "/v1/x1"},
                               {"kjwx v2", "/chat/kjwx%20v2"}})
        CHECK(path_of(*chat, model, true) == path);
    auto placed = base + "/v5.0/chat";
    const auto* at_path = find("spark", placed);
    CHECK(path_of(*chat_offer(*at_path, nullptr), "lite", false).empty());
    CHECK(*base_url_of(*at_path, {"ws://h:1/v5.0/chat", Secret()}) == "http://h:1/v5.0/chat");
    CHECK(chat->dialogue->message(Secret("APP|KEY|SECRET"), R"({"header":{},"x":1})") ==
          R"({"header":{"app_id":"APP"},"x":1})");
}

TEST_CASE("a handshake with Spark is signed in its query", "[providers]") {
    const auto* spark = find("spark", "wss://spark-api.xf-yun.com");
    WallTime now{std::chrono::seconds(1683283419)};
    Outgoing out{"GET", "spark-api.xf-yun.com", "/v4.0/chat", {}};
    REQUIRE(spark->sign({"wss://spark-api.xf-yun.com", Secret("APP|KEY|SECRET")}, now, out));
    CHECK(out.headers.empty());
    // Made with the HMAC of another library.
    CHECK(out.target ==
          "/v4.0/chat?authorization=YXBpX2tleT0iS0VZIiwgYWxnb3JpdGhtPSJobWFjLXNoYTI1NiIsIGh"
          "lYWRlcnM9Imhvc3QgZGF0ZSByZXF1ZXN0LWxpbmUiLCBzaWduYXR1cmU9IkdHaGVheHJieWorTVJXODh"
          "zNmg4NCtoWUQ0VjhrWXUycnZpWW5qaWl3OVU9Ig%3D%3D&date=Fri%2C%2005%20May%202023%2010"
          "%3A43%3A39%20GMT&host=spark-api.xf-yun.com");
    CHECK_FALSE(spark->sign({"wss://h", Secret("APIPassword")}, now, out));
    CHECK_FALSE(spark->sign({"wss://h", Secret("a||c")}, now, out));
}
