#include "core/wire/json.hpp"
#include "core/wire/openai.hpp"
#include "tests/support/recordings.hpp"
#include "tests/unit/wire/building.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::test;

namespace {

using Any = nlohmann::json;  // compares objects whatever the order of their members

Result<llm::ChatRequest> read(std::string_view body) {
    return wire::openai.read_request({body});
}

Any written(const llm::ChatRequest& request, const wire::Dialect& dialect = {}) {
    auto out = wire::openai.write_request(request, dialect);
    REQUIRE(out);
    return Any::parse(out->body);
}

std::vector<std::string> losses(const llm::ChatRequest& request,
                                const wire::Dialect& dialect = {}) {
    auto out = wire::openai.write_request(request, dialect);
    REQUIRE(out);
    std::vector<std::string> fields;
    for (const auto& loss : out->losses)
        fields.push_back(loss.field);
    return fields;
}

void drop_nulls(Any& value) {
    if (value.is_object())
        for (auto at = value.begin(); at != value.end();)
            at = at->is_null() ? value.erase(at) : std::next(at);
    for (auto& inner : value)
        if (inner.is_structured())
            drop_nulls(inner);
}

void normalise(Any& request) {
    if (request.contains("max_tokens") && !request.contains("max_completion_tokens"))
        request["max_completion_tokens"] = request["max_tokens"];
    request.erase("max_tokens");
    if (request.value("stream", true) == false)
        request.erase("stream");
    if (request.value("n", 0) == 1)
        request.erase("n");
    if (request.contains("stop") && request["stop"].is_array() && request["stop"].size() == 1)
        request["stop"] = Any(request["stop"][0]);
}

void normalise_tool(Any& tool) {
    tool.emplace("type", "function");
    if (tool.contains("function") && tool["function"].value("description", "x").empty())
        tool["function"].erase("description");
}

void normalise_images(Any& content) {
    for (auto& part : content)
        if (part.is_object() && part.contains("image_url") && part["image_url"].is_string())
            part["image_url"] = Any{{"url", Any(part["image_url"])}};
}

void normalise_content(Any& message) {
    if (!message.contains("content"))
        return;
    auto& content = message["content"];
    bool one = content.is_array() && content.size() == 1 && content[0].size() == 2 &&
               content[0].value("type", "") == "text";
    if (one)
        content = Any(content[0]["text"]);
    normalise_images(content);
    if (content.is_array() && content.empty())
        message.erase("content");
}

void normalise_message(Any& message) {
    normalise_content(message);
    if (message.value("reasoning_content", "x").empty())
        message.erase("reasoning_content");
    if (message.contains("reasoning_content"))
        message.erase("reasoning");  // the same once more
    if (!message.contains("tool_calls"))
        return;
    for (auto& call : message["tool_calls"])
        call.erase("index");
    if (message["tool_calls"].empty())
        message.erase("tool_calls");
}

/// What docs/conversion/openai.md says a round trip may change.
Any normal(Any request) {
    drop_nulls(request);
    normalise(request);
    for (auto& message : request["messages"])
        normalise_message(message);
    if (request.contains("tools"))
        for (auto& tool : request["tools"])
            normalise_tool(tool);
    if (request.contains("tools") && request["tools"].empty())
        request.erase("tools");
    return request;
}

/// Requests of every provider that were sent in this form; those with the old `functions` results,
/// which are refused, left out.
std::vector<Recording> recorded_requests() {
    std::vector<Recording> out;
    for (const auto* provider :
         {"openai", "azure", "deepseek", "groq", "mistral", "openrouter", "together", "xai",
          "cerebras", "huggingface", "moonshot", "zhipu", "perplexity"})
        for (auto& recording : recordings_of(provider))
            if (recording.path.find("/chat/completions") != std::string::npos &&
                !recording.request.empty() &&
                recording.request.find(R"("role":"function")") == std::string::npos)
                out.push_back(std::move(recording));
    return out;
}

}  // namespace

TEST_CASE("a recorded request that is read and written is the same", "[wire][recordings]") {
    auto requests = recorded_requests();
    REQUIRE(requests.size() > 60);
    for (const auto& recording : requests) {
        INFO(recording.file);
        auto request = read(recording.request);
        if (!request)
            FAIL(request.error().message);
        CHECK(losses(*request).empty());
        CHECK(normal(written(*request)) == normal(Any::parse(recording.request)));
    }
}

TEST_CASE("every field of a chat request finds its place and the way back", "[wire]") {
    std::string body = R"({"model":"gpt-x","messages":[
        {"role":"developer","content":"Be brief."},
        {"role":"user","name":"ann","content":[
            {"type":"text","text":"What is this?"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
            {"type":"image_url","image_url":{"url":"https://a.test/x.png"}},
            {"type":"input_audio","input_audio":{"data":"UklG","format":"mp3"}},
            {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}},
            {"type":"file","file":{"file_id":"file-1"}},
            {"type":"text","text":"Keep this.","cache_control":{"type":"ephemeral","ttl":"1h"}},
            {"type":"hologram","hologram":{"x":1}}]},
        {"role":"assistant","content":"Let me see.","reasoning_content":"hm","audio":{"id":"a1"},
         "tool_calls":[
            {"id":"c1","type":"function","function":{"name":"look","arguments":"{\"a\":1}"},
             "extra_content":{"google":{"thought_signature":"sig"}}},
            {"id":"c2","type":"custom","custom":{"name":"sql","input":"select 1"}}]},
        {"role":"tool","tool_call_id":"c1","content":"nothing"},
        {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"1"},{"type":"text","text":"2"}]},
        {"role":"assistant","refusal":"No."}],
      "tools":[{"type":"function","function":{"name":"look","description":"Looks","strict":true,
                "parameters":{"type":"object","properties":{"b":{},"a":{}}}}},
               {"type":"custom","custom":{"name":"sql","description":"SQL","format":{"type":"text"}}},
               {"type":"web_search"}],
      "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[
          {"type":"function","function":{"name":"look"}},{"type":"custom","custom":{"name":"sql"}}]}},
      "parallel_tool_calls":false,"temperature":0.5,"top_p":0.25,"top_k":7,"frequency_penalty":1,
      "presence_penalty":-1,"seed":42,"stop":["a","b"],"logprobs":true,"top_logprobs":3,
      "logit_bias":{"50256":-100},"reasoning_effort":"high","max_completion_tokens":100,"n":2,
      "response_format":{"type":"json_schema","json_schema":{"name":"r","description":"d",
          "schema":{"type":"object"},"strict":true}},
      "stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},
      "modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"},"user":"u",
      "service_tier":"flex","metadata":{"k":"v"},"verbosity":"low","prompt_cache_key":"pk",
      "safety_identifier":"s","store":true,"prediction":{"type":"content","content":"x"},
      "web_search_options":{}})";
    auto request = read(body);
    if (!request)
        FAIL(request.error().message);
    CHECK(losses(*request).empty());
    CHECK(written(*request) == [&] {
        auto expected = Any::parse(body);
        expected["messages"][5]["content"] = nullptr;
        return expected;
    }());
    auto image = png("AAAA");
    image.detail = "low";
    CHECK(request->messages[1].content[1] == llm::Part{image});
    CHECK(request->messages[1].content[6].cache_ttl == "1h");
    CHECK(request->output_tokens_max == 100);
    CHECK(request->usage_in_stream);
    CHECK(request->tool_choice.allowed == std::vector<std::string>{"look", "sql"});
}

TEST_CASE("a request that cannot be understood is refused by the name of its field", "[wire]") {
    auto says = [](std::string_view body) {
        auto request = read(body);
        return request ? std::string("accepted") : request.error().message;
    };
    using Catch::Contains;
    const std::string user = R"({"role":"user","content":"x"})";
    CHECK_THAT(says("[]"), Contains("the body"));
    CHECK_THAT(says("{"), Contains("not valid JSON"));
    CHECK_THAT(says(R"({"messages":[)" + user + "]}"), Contains("'model'"));
    CHECK_THAT(says(R"({"model":"m"})"), Contains("'messages'"));
    CHECK_THAT(says(R"({"model":"m","messages":[]})"), Contains("at least one"));
    CHECK_THAT(says(R"({"model":"m","messages":[{"role":"user"},7]})"), Contains("messages[1]"));
    CHECK_THAT(says(R"({"model":"m","messages":[{"role":"robot","content":"x"}]})"),
               Contains("messages[0].role"));
    CHECK_THAT(says(R"({"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]})"),
               Contains("messages[0].content[0].text"));
    CHECK_THAT(says(R"({"model":"m","messages":[{"role":"tool","content":"x"}]})"),
               Contains("tool_call_id"));
    for (const auto* bad :
         {R"("temperature":"hot")", R"("max_tokens":0)", R"("n":129)", R"("tool_choice":"perhaps")",
          R"("response_format":{"type":"xml"})", R"("tools":[{"type":"function","function":{}}])",
          R"("stop":[1])", R"("stream":"yes")", R"("logprobs":1)"}) {
        auto body = R"({"model":"m","messages":[)" + user + "]," + bad + "}";
        CHECK_THAT(says(body), Contains("must be"));
    }
}

TEST_CASE("what OpenAI's format cannot say is a loss in the client's words", "[wire]") {
    auto request = ask("x", "anthropic");
    request.sampling.top_k = 5;
    request.extras = {{"container", "{}"}};
    auto video = media(llm::Media::Kind::video, llm::Media::Source::base64, "AA");
    auto by_url = media(llm::Media::Kind::document, llm::Media::Source::url, "https://a.test/d");
    auto flac = media(llm::Media::Kind::audio, llm::Media::Source::base64, "AA");
    flac.media_type = "audio/flac";
    for (const auto& what : {video, by_url, flac})
        request.messages[0].content.push_back({what});
    auto lost = losses(request);
    for (const auto* field : {"top_k", "container", "a video in a message",
                              "a document in a message", "sound in a message"})
        CHECK(std::find(lost.begin(), lost.end(), field) != lost.end());
    CHECK(lost.size() == 5);
    CHECK(losses(request, {.top_k = true}).size() == 4);
}

TEST_CASE("a dialect changes what is written", "[wire]") {
    auto request = ask("x", "anthropic");
    request.messages.insert(request.messages.begin(), says(llm::Role::developer, "s"));
    auto turn = says(llm::Role::assistant);
    turn.content.push_back({llm::Thinking{"hm"}});
    turn.content.push_back({llm::ToolCall{"toolu_1", "f", ""}});
    request.messages.push_back(turn);
    auto result = says(llm::Role::tool);
    result.content.push_back(result_of("toolu_1", {"1"}));
    request.messages.push_back(result);
    request.tools.push_back(function_tool("f"));
    request.output_tokens_max = 9;
    request.stream = request.usage_in_stream = true;
    request.parallel_tool_calls = false;
    request.sampling.seed = 1;
    request.store = true;
    request.response_format.kind = llm::ResponseFormat::Kind::json_schema;

    auto plain = written(request);
    CHECK(plain["messages"][0]["role"] == "developer");
    CHECK_FALSE(plain["messages"][2].contains("reasoning_content"));
    CHECK(plain["messages"][2]["tool_calls"][0]["function"]["arguments"] == "{}");
    CHECK(plain["max_completion_tokens"] == 9);
    CHECK(plain["stream_options"]["include_usage"] == true);
    CHECK(plain["store"] == true);

    wire::Dialect other{.reasoning_field = "reasoning",
                        .output_limit_field = "max_tokens",
                        .developer_role = false,
                        .stream_options = false,
                        .parallel_tool_calls = false,
                        .json_schema = false,
                        .seed = false,
                        .hints = false,
                        .reasoning_in_requests = true,
                        .tool_call_id_bytes = 9};
    auto body = written(request, other);
    CHECK(body["messages"][0]["role"] == "system");
    CHECK(body["messages"][2]["reasoning"] == "hm");
    auto id = body["messages"][2]["tool_calls"][0]["id"].get<std::string>();
    CHECK(id.size() == 9);
    CHECK(body["messages"][3]["tool_call_id"] == id);
    CHECK(body["max_tokens"] == 9);
    CHECK_FALSE(body.contains("stream_options"));
    CHECK_FALSE(body.contains("store"));
    CHECK_FALSE(body.contains("parallel_tool_calls"));
    CHECK(losses(request, other).size() == 2);
}

TEST_CASE("results keep behind their calls, and what they cannot hold follows", "[wire]") {
    auto request = ask("x", "anthropic");
    auto turn = says(llm::Role::tool);
    llm::ToolResult first{"c1", "", {{llm::Text{"a picture"}}, {png("AAAA")}}};
    llm::ToolResult second{"c2", "", {{llm::Text{"broken"}}}, true};
    turn.content = {{first}, {second}};
    request.messages.push_back(turn);
    auto messages = written(request)["messages"];
    REQUIRE(messages.size() == 4);
    CHECK(messages[1]["content"] == "a picture");
    CHECK(messages[2]["tool_call_id"] == "c2");
    CHECK(messages[2]["content"][0]["text"] == "The tool failed.");
    CHECK(messages[3]["role"] == "user");
    CHECK(messages[3]["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAA");
}

TEST_CASE("what stands before the first result reaches no other message", "[wire]") {
    llm::ChatRequest request;
    request.wire = "responses";
    request.model = "m";
    auto turn = says(llm::Role::tool);
    turn.content.push_back({llm::Opaque{"openai", R"({"name": "n"})"}});
    request.messages.push_back(turn);
    CHECK(written(request)["messages"].empty());
    request = ask("x", "responses");
    request.messages.push_back(turn);
    auto messages = written(request)["messages"];
    REQUIRE(messages.size() == 1);
    CHECK_FALSE(messages[0].contains("name"));
}

TEST_CASE("a reply that is sent back as it came is no loss elsewhere", "[wire]") {
    std::string body = R"({"model":"m","messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":"y","refusal":null,"audio":null,"function_call":null,
         "annotations":[{"type":"url_citation","url_citation":{"url":"https://a.test","title":"A",
             "start_index":0,"end_index":1}}]},{"role":"user","content":"z"}]})";
    auto request = read(body);
    REQUIRE(request);
    CHECK(normal(written(*request)) == normal(Any::parse(body)));
    for (const auto* name : {"anthropic", "gemini", "cohere", "bedrock", "responses"}) {
        INFO(name);
        auto out = wire::find(name)->write_request(*request, {.output_tokens_default = 5});
        REQUIRE(out);
        CHECK(out->losses.empty());
    }
}
