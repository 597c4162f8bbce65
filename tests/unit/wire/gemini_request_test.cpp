// Requests in Gemini's format: what clients send, and what is sent to Google.
#include "core/base/encoding.hpp"
#include "core/base/random.hpp"
#include "core/wire/gemini.hpp"
#include "core/wire/json.hpp"
#include "tests/support/recordings.hpp"
#include "tests/unit/wire/building.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using namespace obliv::test;
using Any = nlohmann::json;  // without order, so that equal means equal in value

namespace {

llm::ChatRequest read(const std::string& body, std::string_view model = "gemini-2.5-flash") {
    auto request = wire::gemini.read_request({body, model});
    if (!request)
        FAIL(request.error().message);
    return *request;
}

Error refused(const std::string& body) {
    auto request = wire::gemini.read_request({body, "m"});
    REQUIRE_FALSE(request);
    CHECK(request.error().code == Code::invalid_request);
    return request.error();
}

wire::WrittenRequest write(const llm::ChatRequest& request) {
    auto written = wire::gemini.write_request(request, {});
    if (!written)
        FAIL(written.error().message);
    return *written;
}

Any body_of(const llm::ChatRequest& request) {
    auto written = write(request);
    for (const auto& loss : written.losses)
        UNSCOPED_INFO("lost " << loss.field);
    CHECK(written.losses.empty());
    return Any::parse(written.body);
}

bool loses(const wire::WrittenRequest& written, std::string_view field) {
    return std::any_of(written.losses.begin(), written.losses.end(),
                       [&](const wire::Loss& loss) { return loss.field == field; });
}

/// The names that recorded requests have in the other spelling, written by hand.
Any camel(const Any& value) {
    static const std::map<std::string, std::string> names{
        {"inline_data", "inlineData"},
        {"mime_type", "mimeType"},
        {"file_data", "fileData"},
        {"file_uri", "fileUri"},
        {"include_thoughts", "includeThoughts"},
        {"thinking_budget", "thinkingBudget"},
        {"parameters_json_schema", "parametersJsonSchema"},
        {"prompt_template_name", "promptTemplateName"},
        {"response_template_name", "responseTemplateName"}};
    if (!value.is_structured())
        return value;
    Any out = value.is_array() ? Any::array() : Any::object();
    for (const auto& [name, child] : value.items()) {
        auto found = names.find(name);
        if (value.is_array())
            out.push_back(camel(child));
        else
            out[found == names.end() ? name : found->second] = camel(child);
    }
    if (out.is_object() && out.value("thinkingLevel", Any()) == "low")
        out["thinkingLevel"] = "LOW";  // Google takes either
    // An empty object there says nothing.
    if (out.is_object() && out.contains("generationConfig") && out["generationConfig"].empty())
        out.erase("generationConfig");
    return out;
}

}  // namespace

TEST_CASE("every recorded request comes back as it was", "[wire][gemini][recordings]") {
    std::size_t seen = 0;
    for (std::string_view provider : {"gemini", "vertex"})
        for (const auto& recording : recordings_of(provider)) {
            bool chat = recording.path.ends_with("enerateContent");
            if (recording.request.empty() || !chat)
                continue;
            INFO(recording.file);
            // What would have to change: nothing.
            CHECK(Any::diff(camel(Any::parse(recording.request)),
                            body_of(read(recording.request))) == Any::array());
            ++seen;
        }
    CHECK(seen > 60);
}

TEST_CASE("each field of a request has its neutral place", "[wire][gemini]") {
    auto request = read(R"({
        "systemInstruction":{"parts":[{"text":"Be brief."}]},
        "contents":[{"role":"user","parts":[{"text":"Look"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],
        "tools":[{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT",
            "properties":{"n":{"type":"INTEGER","nullable":true,"minimum":1}}}}]},{"googleSearch":{}}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},
        "generationConfig":{"temperature":0.5,"topP":0.9,"topK":40,"candidateCount":2,"maxOutputTokens":99,
            "stopSequences":["END"],"presencePenalty":1,"frequencyPenalty":-1,"seed":7,"responseLogprobs":true,
            "logprobs":3,"responseMimeType":"application/json","responseSchema":{"type":"STRING"},
            "thinkingConfig":{"thinkingBudget":512,"includeThoughts":true},
            "responseModalities":["TEXT","AUDIO"],
            "speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}},
        "serviceTier":"standard","labels":{"team":"x"},"store":false})",
                        "models/gemini-2.5-pro");
    CHECK(request.wire == "gemini");
    CHECK(request.model == "gemini-2.5-pro");
    REQUIRE(request.messages.size() == 2);
    CHECK(request.messages[0].role == llm::Role::system);
    const auto& image = std::get<llm::Media>(request.messages[1].content[1].what);
    CHECK((image.kind == llm::Media::Kind::image && image.data == "AAAA"));
    REQUIRE(request.tools.size() == 2);
    CHECK(Any::parse(request.tools[0].parameters) ==
          Any::parse(
              R"({"type":"object","properties":{"n":{"type":["integer","null"],"minimum":1}}})"));
    CHECK(request.tools[1].kind == llm::Tool::Kind::built_in);
    CHECK(request.tools[1].name == "googleSearch");
    CHECK(request.tool_choice.kind == llm::ToolChoice::Kind::named);
    CHECK(request.tool_choice.name == "f");
    const auto& sampling = request.sampling;
    CHECK((sampling.temperature == 0.5 && sampling.top_p == 0.9 && sampling.top_k == 40));
    CHECK((sampling.presence_penalty == 1.0 && sampling.frequency_penalty == -1.0));
    CHECK((sampling.seed == 7 && sampling.logprobs == true && sampling.top_logprobs == 3));
    CHECK(sampling.stop == std::vector<std::string>{"END"});
    CHECK((request.choices == 2 && request.output_tokens_max == 99));
    CHECK(request.response_format.kind == llm::ResponseFormat::Kind::json_schema);
    CHECK(request.response_format.schema == R"({"type":"string"})");
    CHECK((request.reasoning.budget_tokens == 512 && request.reasoning.shown == true));
    CHECK(request.modalities == std::vector<std::string>{"text", "audio"});
    CHECK(request.audio == R"({"voice":"Kore"})");
    CHECK(request.service_tier == "default");
    CHECK((request.metadata == R"({"team":"x"})" && request.store == false));
    // All that is left was said twice: nothing is lost elsewhere but the provider's own tool.
    for (const auto& extra : request.extras)
        CHECK(extra.hint);
}

TEST_CASE("names may be written with underscores, but not twice", "[wire][gemini]") {
    auto request = read(
        R"({"contents":[{"parts":[{"function_call":{"name":"f","args":{"a_b":1}}}],"role":"model"}],
        "generation_config":{"max_output_tokens":5,"thinking_config":{"thinking_budget":0}},
        "system_instruction":{"parts":[{"text":"s"}]}})");
    CHECK(request.output_tokens_max == 5);
    CHECK(request.reasoning.enabled == false);
    CHECK(request.messages[0].role == llm::Role::system);
    CHECK(std::get<llm::ToolCall>(request.messages[1].content[0].what).arguments == R"({"a_b":1})");
    auto twice = refused(
        R"({"contents":[],"generationConfig":{"maxOutputTokens":5,"max_output_tokens":9}})");
    CHECK(twice.message.find("maxOutputTokens") != std::string::npos);
}

TEST_CASE("a bad request is refused by the name of its field", "[wire][gemini]") {
    CHECK(refused("{").message.find("JSON") != std::string::npos);
    CHECK(refused("[]").code == Code::invalid_request);
    CHECK(refused("{}").param == "contents");
    CHECK(refused(R"({"contents":{}})").param == "contents");
    CHECK(refused(R"({"contents":[{"role":"system","parts":[]}]})").param == "contents[0].role");
    CHECK(refused(R"({"contents":[{"parts":[{"text":1}]}]})").param == "contents[0].parts[0].text");
    CHECK(refused(R"({"contents":[],"generationConfig":{"topK":1.5}})").param ==
          "generationConfig.topK");
    CHECK(refused(R"({"contents":[],"generationConfig":{"candidateCount":0}})").param ==
          "generationConfig.candidateCount");
    CHECK(refused(R"({"contents":[],"generationConfig":{"maxOutputTokens":-1}})").param ==
          "generationConfig.maxOutputTokens");
    CHECK(refused(R"({"contents":[],"tools":[{"functionDeclarations":[{}]}]})").param ==
          "tools[0].functionDeclarations[0].name");
    auto nameless = [](const std::string& part) {
        return refused(R"({"contents":[{"parts":[{")" + part + R"(":{}}]}]})").param;
    };
    CHECK(nameless("functionCall") == "contents[0].parts[0].functionCall.name");
    CHECK(nameless("functionResponse") == "contents[0].parts[0].functionResponse.name");
    CHECK(refused(R"({"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}})")
              .param == "toolConfig.functionCallingConfig.mode");
}

TEST_CASE("calls without ids find their results by name and order", "[wire][gemini]") {
    auto request = read(R"({"contents":[
        {"role":"model","parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"g"}},{"functionCall":{"name":"f","args":{"x":1}}}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"one"}}},
            {"functionResponse":{"name":"f","response":{"error":"no"}}},{"functionResponse":{"name":"g","response":{"a":[1]}}},
            {"text":"and now?"}]}]})");
    REQUIRE(request.messages.size() == 3);
    CHECK(request.messages[1].role == llm::Role::tool);
    CHECK(request.messages[2].role == llm::Role::user);
    auto call = [&](std::size_t i) {
        return std::get<llm::ToolCall>(request.messages[0].content[i].what);
    };
    auto result = [&](std::size_t i) {
        return std::get<llm::ToolResult>(request.messages[1].content[i].what);
    };
    CHECK(result(0).call_id == call(0).id);
    CHECK(result(1).call_id == call(2).id);
    CHECK(result(2).call_id == call(1).id);
    CHECK(call(0).id != call(2).id);
    CHECK(call(1).arguments == "{}");
    CHECK(std::get<llm::Text>(result(0).content[0].what).text == "one");
    CHECK(result(1).is_error);
    CHECK(std::get<llm::Text>(result(2).content[0].what).text == R"({"a":[1]})");
    // Google never sees ids that it has not given.
    auto body = body_of(request);
    CHECK_FALSE(body["contents"][0]["parts"][0]["functionCall"].contains("id"));
    REQUIRE(body["contents"].size() == 2);
    CHECK(body["contents"][1]["parts"].size() == 4);
}

TEST_CASE("filters that are off are no loss elsewhere, others are", "[wire][gemini]") {
    auto off =
        read(R"({"contents":[],"safetySettings":[{"category":"C","threshold":"BLOCK_NONE"}]})");
    CHECK(off.extras.at(0).hint);
    auto on = read(
        R"({"contents":[],"safetySettings":[{"category":"C","threshold":"BLOCK_LOW_AND_ABOVE"}]})");
    CHECK_FALSE(on.extras.at(0).hint);
    auto cached = read(R"({"contents":[],"cachedContent":"cachedContents/1"})");
    CHECK_FALSE(cached.extras.at(0).hint);
}

TEST_CASE("an OpenAI conversation is written in Google's words", "[wire][gemini]") {
    auto request = ask("Hi");
    request.messages.insert(request.messages.begin(), says(llm::Role::developer, "Be brief."));
    auto calls = says(llm::Role::assistant);
    calls.content.push_back({llm::ToolCall{"call_1", "f", R"({"a":1})"}});
    calls.content.push_back({llm::ToolCall{"call_2", "g", ""}});
    request.messages.push_back(calls);
    for (auto id : {"call_1", "call_2"}) {
        auto message = says(llm::Role::tool);
        message.content.push_back(result_of(id, {"done"}));
        request.messages.push_back(message);
    }
    request.messages.push_back(says(llm::Role::user, "Go on"));
    request.tools.push_back(function_tool(
        "f",
        R"({"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false})"));
    request.tools.push_back(function_tool("g", R"({"type":"object","properties":{}})"));
    request.tool_choice.kind = llm::ToolChoice::Kind::required;
    request.user = "u";
    request.metadata = R"({"k":"v"})";
    auto body = body_of(request);
    CHECK(body == Any::parse(R"({
        "systemInstruction":{"parts":[{"text":"Be brief."}]},
        "contents":[{"role":"user","parts":[{"text":"Hi"}]},
            {"role":"model","parts":[{"functionCall":{"id":"call_1","name":"f","args":{"a":1}}},
                {"functionCall":{"id":"call_2","name":"g","args":{}}}]},
            {"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"f","response":{"output":"done"}}},
                {"functionResponse":{"id":"call_2","name":"g","response":{"output":"done"}}},{"text":"Go on"}]}],
        "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"INTEGER"}}}},{"name":"g"}]}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY"}}})"));
}

TEST_CASE("a result without its call is an error, not a guess", "[wire][gemini]") {
    auto request = ask("Hi");
    auto message = says(llm::Role::tool);
    message.content.push_back(result_of("nobody", {"done"}));
    request.messages.push_back(message);
    auto written = wire::gemini.write_request(request, {});
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Code::invalid_request);
}

TEST_CASE("models that want signed calls get one where another model made the call",
          "[wire][gemini]") {
    auto request = ask("Hi");
    auto calls = says(llm::Role::assistant);
    calls.content.push_back({llm::ToolCall{"call_1", "f", "{}"}});
    calls.content.push_back({llm::ToolCall{"call_2", "f", "{}"}});
    request.messages.push_back(calls);
    request.model = "gemini-2.5-pro";
    CHECK_FALSE(body_of(request)["contents"][1]["parts"][0].contains("thoughtSignature"));
    request.model = "gemini-3-pro-preview";
    auto parts = body_of(request)["contents"][1]["parts"];
    CHECK(from_base64(parts[0]["thoughtSignature"].get<std::string>()).value_or("") ==
          "context_engineering_is_the_way_to_go");
    CHECK_FALSE(parts[1].contains("thoughtSignature"));
    auto& own = std::get<llm::ToolCall>(request.messages[1].content[0].what);
    own.proof = {"gemini", "c2ln"};
    CHECK(body_of(request)["contents"][1]["parts"][0]["thoughtSignature"] == "c2ln");
}

TEST_CASE("effort becomes a level or a number, as the model takes it", "[wire][gemini]") {
    auto thinking = [](std::string model, auto change) {
        auto request = ask("Hi");
        request.model = std::move(model);
        change(request.reasoning);
        auto body = body_of(request);
        return body["generationConfig"].is_null() ? Any()
                                                  : body["generationConfig"]["thinkingConfig"];
    };
    auto effort = [](const char* word) { return [word](llm::Reasoning& r) { r.effort = word; }; };
    CHECK(thinking("gemini-2.5-flash", effort("low"))["thinkingBudget"] == 1024);
    CHECK(thinking("gemini-2.5-flash", effort("none"))["thinkingBudget"] == 0);
    CHECK(thinking("gemini-2.5-pro", effort("none"))["thinkingBudget"] == 128);
    CHECK(thinking("gemini-3-pro-preview", effort("xhigh"))["thinkingLevel"] == "HIGH");
    CHECK(thinking("gemini-3.1-flash", effort("none"))["thinkingLevel"] == "MINIMAL");
    auto budget = thinking("gemini-3-pro", [](llm::Reasoning& r) {
        r.enabled = true;
        r.budget_tokens = 2000;
    });
    CHECK(budget == Any::parse(R"({"thinkingBudget":2000,"includeThoughts":true})"));
    CHECK(thinking("gemini-2.5-pro", [](llm::Reasoning&) {}).is_null());
}

TEST_CASE("what Google has no word for is a loss, by the client's name for it", "[wire][gemini]") {
    auto request = ask("Hi");
    request.sampling.logit_bias = R"({"1":2})";
    request.parallel_tool_calls = false;
    request.tools.push_back(function_tool("f"));
    request.tools.push_back(function_tool("c"));
    request.tools[1].kind = llm::Tool::Kind::custom;
    request.service_tier = "scale";
    request.verbosity = "low";
    request.messages[0].name = "Ann";
    request.audio = R"({"voice":"alloy","format":"mp3"})";
    request.extras.push_back({"prediction", "{}"});
    auto file = media(llm::Media::Kind::document, llm::Media::Source::file_id, "file-1");
    request.messages[0].content.push_back({file});
    auto written = write(request);
    for (auto field : {"logit_bias", "the tool 'c'", "service_tier", "verbosity", "messages[].name",
                       "audio.format", "prediction", "a file id in a message"}) {
        INFO(field);
        CHECK(loses(written, field));
    }
    CHECK(written.losses.size() == 8);
}

TEST_CASE("media go as bytes or by their place", "[wire][gemini]") {
    auto request = ask("Look");
    auto& content = request.messages[0].content;
    content.push_back({png("AAAA")});
    content.push_back(
        {media(llm::Media::Kind::image, llm::Media::Source::url, "https://x.test/a.jpg?b")});
    auto text = media(llm::Media::Kind::document, llm::Media::Source::text, "plain");
    text.name = "a.txt";
    content.push_back({text});
    auto parts = body_of(request)["contents"][0]["parts"];
    CHECK(parts[1] == Any::parse(R"({"inlineData":{"mimeType":"image/png","data":"AAAA"}})"));
    CHECK(
        parts[2] ==
        Any::parse(R"({"fileData":{"mimeType":"image/jpeg","fileUri":"https://x.test/a.jpg?b"}})"));
    CHECK(
        parts[3] ==
        Any::parse(
            R"({"inlineData":{"mimeType":"text/plain","data":"cGxhaW4=","displayName":"a.txt"}})"));
}

namespace {

/// Requests as a client might send them, by chance: every field now and then, in forms that come
/// back as they were (docs/conversion/gemini.md says which do not).
class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    Any request() {
        Any body;
        body["contents"] = Any::array();
        auto turns = 1 + random_.below(4);
        for (std::uint64_t i = 0; i < turns; ++i)
            turn(body["contents"]);
        if (maybe())
            body["systemInstruction"] = {{"parts", Any::array({text()})}};
        if (maybe())
            body["generationConfig"] = config();
        if (maybe())
            tools(body);
        for (auto [name, value] :
             {std::pair<const char*, Any>{"cachedContent", "cachedContents/1"},
              {"safetySettings", Any::array({{{"category", "C"}, {"threshold", "OFF"}}})},
              {"serviceTier", "flex"},
              {"labels", {{"snake_case", "1"}}},
              {"futureField", {{"deep", Any::array({1, "a", nullptr})}}}})
            if (maybe())
                body[name] = value;
        return body;
    }

private:
    bool maybe() { return random_.below(2) == 0; }
    std::string word() {
        static const std::vector<std::string> words{"",        "a",         "ü\u20ac",
                                                    "\"q\"\n", "{not json", "x y"};
        return words[random_.below(words.size())];
    }
    Any text() {
        Any part{{"text", word()}};
        if (maybe())
            part["thoughtSignature"] = "c2ln";
        return part;
    }
    Any media() {
        Any part = maybe()
                       ? Any{{"inlineData", {{"mimeType", "video/mp4"}, {"data", "AAAA"}}}}
                       : Any{{"fileData", {{"mimeType", "audio/wav"}, {"fileUri", "gs://b/o"}}}};
        if (maybe())
            part["videoMetadata"] = {{"startOffset", "1s"}};
        return part;
    }
    void turn(Any& contents) {
        Any user{{"role", "user"}, {"parts", Any::array({text()})}};
        if (maybe())
            user["parts"].push_back(media());
        contents.push_back(user);
        Any model{{"role", "model"}, {"parts", Any::array()}};
        model["parts"].push_back({{"text", "hm " + word()}, {"thought", true}});
        if (maybe())
            model["parts"].push_back(
                {{"executableCode", {{"code", word()}, {"language", "PYTHON"}}}});
        model["parts"].push_back(text());
        if (maybe()) {
            contents.push_back(model);
            return;
        }
        auto id = "id" + std::to_string(random_.next());
        Any call{{"name", "f"}, {"args", {{"k", word()}, {"n", 1}}}};
        Any result{{"name", "f"}, {"response", response()}};
        if (maybe())
            call["id"] = result["id"] = id;
        if (maybe())
            result["scheduling"] = "SILENT";
        model["parts"].push_back({{"functionCall", call}});
        contents.push_back(model);
        contents.push_back(
            {{"role", "user"}, {"parts", Any::array({{{"functionResponse", result}}})}});
        contents.push_back({{"role", "model"}, {"parts", Any::array({text()})}});
    }
    Any response() {
        switch (random_.below(4)) {
        case 0:
            return {{"output", word()}};
        case 1:
            return {{"error", word()}};
        case 2:
            return {{"output", "{\"a\":1}"}};
        default:
            return {{"result", Any::array({1, 2})}};
        }
    }
    Any config() {
        Any out;
        for (auto [name, value] : {std::pair<const char*, Any>{"temperature", 0.25},
                                   {"topP", 0.5},
                                   {"topK", 12},
                                   {"maxOutputTokens", 77},
                                   {"candidateCount", 3},
                                   {"seed", -5},
                                   {"stopSequences", Any::array({"a", "b"})},
                                   {"responseModalities", Any::array({"TEXT", "IMAGE"})},
                                   {"responseMimeType", "application/json"},
                                   {"mediaResolution", "MEDIA_RESOLUTION_LOW"},
                                   {"imageConfig", {{"aspectRatio", "1:1"}}},
                                   {"presencePenalty", 0.5}})
            if (maybe())
                out[name] = value;
        if (maybe())
            out["thinkingConfig"] =
                maybe() ? Any{{"thinkingBudget", -1}} : Any{{"thinkingLevel", "LOW"}};
        if (maybe())
            out["thinkingConfig"]["includeThoughts"] = maybe();
        if (out.contains("responseMimeType") && maybe())
            out["responseJsonSchema"] = {{"type", "object"}, {"x_y", 1}};
        if (out.empty())
            out["topK"] = 1;
        return out;
    }
    void tools(Any& body) {
        Any declaration{{"name", "f"}, {"description", "d"}};
        if (maybe())
            declaration["parameters"] = {
                {"type", "OBJECT"},
                {"properties", {{"k_k", {{"type", "STRING"}, {"nullable", true}}}}}};
        if (maybe())
            declaration["behavior"] = "NON_BLOCKING";
        body["tools"] = Any::array({{{"functionDeclarations", Any::array({declaration})}}});
        if (maybe())
            body["tools"].push_back(
                {{"googleSearch", {{"excludeDomains", Any::array({"x.test"})}}}});
        static const std::vector<Any> modes{
            {{"mode", "AUTO"}},
            {{"mode", "NONE"}},
            {{"mode", "VALIDATED"}, {"allowedFunctionNames", {"f"}}},
            {{"mode", "ANY"}, {"allowedFunctionNames", {"f"}}},
            {{"mode", "ANY"}, {"streamFunctionCallArguments", true}}};
        if (maybe())
            body["toolConfig"]["functionCallingConfig"] = modes[random_.below(modes.size())];
        if (maybe())
            body["toolConfig"]["retrievalConfig"] = {{"languageCode", "de"}};
    }

    Random random_;
};

}  // namespace

TEST_CASE("whatever a client of this format asks comes back as it was", "[wire][gemini]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    Generator generator(seed);
    for (int i = 0; i < 2000; ++i) {
        auto body = generator.request();
        INFO(body.dump());
        auto written = body_of(read(body.dump()));
        REQUIRE(Any::diff(body, written) == Any::array());
    }
}
