// Requests of the Responses API: what each field becomes, and what comes of other formats.
#include "core/wire/json.hpp"
#include "core/wire/responses.hpp"

#include "core/base/random.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using namespace obliv;
using wire::Json;

namespace {

llm::ChatRequest read(const std::string& body) {
    auto request = wire::responses.read_request({body});
    if (!request)
        FAIL(request.error().message);
    return std::move(*request);
}

Json write(const llm::ChatRequest& request) {
    auto written = wire::responses.write_request(request, {});
    REQUIRE(written);
    return Json::parse(written->body);
}

std::vector<std::string> lost(const llm::ChatRequest& request) {
    auto written = wire::responses.write_request(request, {});
    REQUIRE(written);
    std::vector<std::string> out;
    for (const auto& loss : written->losses)
        out.push_back(loss.field);
    std::sort(out.begin(), out.end());
    return out;
}

llm::ChatRequest chat() {
    llm::ChatRequest out;
    out.wire = "openai";
    out.model = "m";
    out.messages.push_back({llm::Role::user, {{llm::Text{"hi"}}}});
    return out;
}

}  // namespace

TEST_CASE("thought, message and calls of one turn are one message", "[wire]") {
    auto request = read(R"({"model":"m","instructions":"Be brief.","input":[
        {"role":"user","content":"hi"},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"one"},
            {"type":"summary_text","text":"two"}],"encrypted_content":"SEAL"},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"hello"}]},
        {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
        {"type":"custom_tool_call","call_id":"c2","name":"g","input":"free"},
        {"type":"function_call_output","call_id":"c1","output":"r1"},
        {"type":"custom_tool_call_output","call_id":"c2","output":[
            {"type":"input_text","text":"r2"},
            {"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}]})");
    REQUIRE(request.messages.size() == 4);
    CHECK(request.messages[0].role == llm::Role::system);
    const auto& turn = request.messages[2].content;
    REQUIRE(turn.size() == 5);
    CHECK(std::get<llm::Thinking>(turn[0].what).proof.data.empty());
    CHECK(std::get<llm::Thinking>(turn[1].what).proof == llm::Proof{"responses", "SEAL"});
    CHECK(std::get<llm::Thinking>(turn[1].what).summary);
    CHECK(std::get<llm::ToolCall>(turn[4].what).custom);
    CHECK(request.messages[3].role == llm::Role::tool);
    REQUIRE(request.messages[3].content.size() == 2);
    const auto& second = std::get<llm::ToolResult>(request.messages[3].content[1].what);
    CHECK(std::get<llm::Media>(second.content[1].what).media_type == "image/png");

    auto items = write(request)["input"];
    REQUIRE(items.size() == 7);
    CHECK(items[1]["summary"].size() == 2);
    CHECK(items[1]["encrypted_content"] == "SEAL");
    CHECK(items[6]["type"] == "custom_tool_call_output");
}

TEST_CASE("every part of a Responses message has its place", "[wire]") {
    auto request = read(R"({"model":"m","input":[{"role":"user","content":[
        {"type":"input_text","text":"t"},
        {"type":"input_image","image_url":"https://x.test/a.png","detail":"low"},
        {"type":"input_image","file_id":"file-1"},
        {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,QQ=="},
        {"type":"input_file","file_url":"https://x.test/a.pdf"},
        {"type":"input_file","file_id":"file-2"},
        {"type":"input_audio","input_audio":{"data":"QQ==","format":"mp3"}},
        {"type":"input_hologram","beam":1}]}]})");
    const auto& parts = request.messages[0].content;
    REQUIRE(parts.size() == 8);
    using Source = llm::Media::Source;
    auto media = [&](std::size_t at) { return std::get<llm::Media>(parts[at].what); };
    CHECK(media(1).source == Source::url);
    CHECK(media(1).detail == "low");
    CHECK(media(2).source == Source::file_id);
    CHECK(media(3).source == Source::base64);
    CHECK(media(3).media_type == "application/pdf");
    CHECK(media(3).name == "a.pdf");
    CHECK(media(4).kind == llm::Media::Kind::document);
    CHECK(media(6).media_type == "audio/mp3");
    CHECK(std::get<llm::Opaque>(parts[7].what).wire == "responses");
    auto content = write(request)["input"][0]["content"];
    REQUIRE(content.size() == 8);
    CHECK(content[3]["file_data"] == "data:application/pdf;base64,QQ==");
    CHECK(content[6]["input_audio"]["format"] == "mp3");
    CHECK(content[7]["beam"] == 1);
}

TEST_CASE("what only the Responses API knows comes back as it came", "[wire]") {
    std::string body = R"({"model":"m","input":[{"type":"item_reference","id":"msg_1"},
        {"type":"mcp_approval_response","approval_request_id":"a","approve":true},
        {"type":"web_search_call","id":"ws_1","status":"completed"}],
        "tools":[{"type":"web_search","search_context_size":"low"},
                 {"type":"custom","name":"g","format":{"type":"grammar","syntax":"lark"}}],
        "tool_choice":{"type":"web_search"},"include":["web_search_call.action.sources"],
        "max_tool_calls":3,"conversation":"conv_1","reasoning":{"effort":"low","mode":"pro"},
        "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}})";
    auto request = read(body);
    CHECK(nlohmann::json::parse(write(request).dump()) == nlohmann::json::parse(body));
    CHECK(request.verbosity == "low");
    CHECK(request.messages[0].role == llm::Role::assistant);
    CHECK(request.messages[1].role == llm::Role::tool);
}

TEST_CASE("background responses are refused in words", "[wire]") {
    auto request = wire::responses.read_request({R"({"model":"m","input":"x","background":true})"});
    REQUIRE_FALSE(request);
    CHECK(request.error().code == Code::unsupported);
    CHECK(request.error().param == "background");
    CHECK(wire::responses.read_request({R"({"model":"m","input":"x","background":false})"}));
}

TEST_CASE("bad Responses requests are refused by the name of the field", "[wire]") {
    struct Row {
        const char* body;
        const char* param;
    };
    for (const auto& row : {
             Row{R"({"input":"x"})", "model"},
             Row{R"({"model":"m","input":7})", "input"},
             Row{R"({"model":"m","input":[{"role":"boss","content":"x"}]})", "input[0].role"},
             Row{R"({"model":"m","input":[{"role":"user"}]})", "input[0].content"},
             Row{R"({"model":"m","input":[7]})", "input[0]"},
             Row{R"({"model":"m","input":[{"role":"user","content":[{"text":"x"}]}]})",
                 "input[0].content[0].type"},
             Row{R"({"model":"m","input":[{"type":"function_call","name":"f"}]})",
                 "input[0].call_id"},
             Row{R"({"model":"m","tools":{}})", "tools"},
             Row{R"({"model":"m","tool_choice":"maybe"})", "tool_choice"},
             Row{R"({"model":"m","temperature":"hot"})", "temperature"},
             Row{R"({"model":"m","text":{"format":{"type":"xml"}}})", "text.format.type"},
         }) {
        INFO(row.body);
        auto request = wire::responses.read_request({row.body});
        REQUIRE_FALSE(request);
        CHECK(request.error().param == row.param);
    }
}

TEST_CASE("a tool that does not say it is strict is not, when it comes from elsewhere", "[wire]") {
    auto request = chat();
    llm::Tool tool;
    tool.name = "f";
    request.tools.push_back(tool);
    auto body = write(request);
    CHECK(body["tools"][0]["strict"] == false);
    CHECK(body["tools"][0]["parameters"]["type"] == "object");
    CHECK(body["store"] == false);
    auto own = read(R"({"model":"m","input":"x","tools":[{"type":"function","name":"f"}]})");
    CHECK_FALSE(write(own)["tools"][0].contains("strict"));
    CHECK_FALSE(write(own).contains("store"));
}

TEST_CASE("what the Responses API cannot say of another format is lost aloud", "[wire]") {
    auto request = chat();
    CHECK(lost(request).empty());
    request.sampling.stop = {"x"};
    request.sampling.seed = 1;
    request.sampling.frequency_penalty = 0.5;
    request.choices = 2;
    request.extras.push_back({"prediction", "{}", false});
    request.extras.push_back({"hinted", "{}", true});
    llm::Media video;
    video.kind = llm::Media::Kind::video;
    request.messages[0].content.push_back({video});
    CHECK(lost(request) == std::vector<std::string>{"a video in a message", "frequency_penalty",
                                                    "n", "prediction", "seed", "stop"});
}

TEST_CASE("a document that a tool gave is told whole, or lost aloud", "[wire]") {
    auto request = chat();
    llm::Media pdf{llm::Media::Kind::document,
                   llm::Media::Source::base64,
                   "JVBERi0=",
                   "application/pdf",
                   "a.pdf",
                   {},
                   "Of 1993."};
    request.messages.push_back(
        {llm::Role::assistant, {{llm::ToolCall{.id = "c1", .name = "f", .arguments = "{}"}}}});
    llm::ToolResult result;
    result.call_id = "c1";
    result.content.push_back({pdf});
    request.messages.push_back({llm::Role::tool, {{result}}});
    CHECK(lost(request).empty());
    CHECK(write(request)["input"][2]["output"] ==
          Json::parse(R"([{"type":"input_text","text":"Of 1993."},
              {"type":"input_file","filename":"a.pdf",
               "file_data":"data:application/pdf;base64,JVBERi0="}])"));

    auto& inner = std::get<llm::ToolResult>(request.messages[2].content[0].what).content;
    std::get<llm::Media>(inner[0].what).citations = true;
    llm::Media foreign{
        llm::Media::Kind::document, llm::Media::Source::file_id, "file_1", {}, {}, {}, {}};
    inner.push_back({foreign});
    CHECK(lost(request) ==
          std::vector<std::string>{"a file id in a message", "citations of a document"});
    CHECK(write(request)["input"][2]["output"].size() == 2);
}

TEST_CASE("a thought without a proof of its own stays behind", "[wire]") {
    auto request = chat();
    llm::Thinking foreign{"hm", {"anthropic", "SIG"}};
    llm::Thinking own{"hm", {"responses", "SEAL"}};
    request.messages.push_back({llm::Role::assistant, {{foreign}, {own}, {llm::Text{"hello"}}}});
    auto items = write(request)["input"];
    REQUIRE(items.size() == 3);
    CHECK(items[1]["type"] == "reasoning");
    CHECK(items[1]["encrypted_content"] == "SEAL");
}

namespace {

/// Requests by chance, of what the neutral form and this API share.
class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    Json request() {
        Json out = {{"model", "m" + word()}};
        if (coin())
            out["instructions"] = word();
        out["input"] = Json::array();
        for (auto count = 1 + random_.below(6); count > 0; --count)
            item(out["input"]);
        if (coin())
            out["temperature"] = 0.25 * static_cast<double>(random_.below(8));
        if (coin())
            out["max_output_tokens"] = 1 + random_.below(1000);
        if (coin())
            out["stream"] = true;
        if (coin())
            out["store"] = coin();
        if (coin())
            out["reasoning"] = {{"effort", "high"}, {"summary", "auto"}};
        if (coin())
            out["metadata"] = {{word(), word()}};
        if (coin())
            tools(out);
        return out;
    }

private:
    bool coin() { return random_.below(2) == 0; }
    std::string word() {
        std::string out;
        for (auto length = 1 + random_.below(8); length > 0; --length)
            out += static_cast<char>('a' + random_.below(26));
        return coin() ? out : out + "\"é\\\n";
    }
    void item(Json& items) {
        auto id = word();
        switch (random_.below(4)) {
        case 0:
            items.push_back({{"role", "user"}, {"content", word()}});
            break;
        case 1:
            items.push_back(
                {{"role", "user"},
                 {"content", Json::array({{{"type", "input_text"}, {"text", word()}},
                                          {{"type", "input_image"}, {"image_url", word()}}})}});
            break;
        case 2:
            items.push_back({{"type", "function_call"},
                             {"call_id", id},
                             {"name", word()},
                             {"arguments", "{\"a\":1}"}});
            items.push_back(
                {{"type", "function_call_output"}, {"call_id", id}, {"output", word()}});
            break;
        default:
            items.push_back(
                {{"type", "reasoning"},
                 {"id", id},
                 {"summary", Json::array({{{"type", "summary_text"}, {"text", word()}}})},
                 {"encrypted_content", word()}});
        }
    }
    void tools(Json& out) {
        Json tool = {{"type", "function"}, {"name", "f"}, {"parameters", {{"type", "object"}}}};
        if (coin())
            tool["strict"] = coin();
        out["tools"] = Json::array({std::move(tool)});
        if (coin())
            out["tool_choice"] = {{"type", "function"}, {"name", "f"}};
    }

    Random random_;
};

}  // namespace

TEST_CASE("generated Responses requests come out as they were", "[wire]") {
    auto seed = std::random_device{}();
    Generator generator(seed);
    for (int i = 0; i < 2000; ++i) {
        auto original = generator.request();
        INFO("seed " << seed << ", request " << i << ": " << original.dump());
        auto again = write(read(original.dump()));
        REQUIRE(nlohmann::json::parse(again.dump()) == nlohmann::json::parse(original.dump()));
    }
}
