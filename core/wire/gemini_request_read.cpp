#include "core/wire/gemini_wire.hpp"

#include "core/wire/gemini_schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

std::string lower_case(std::string text) {
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c ^ 0x20);
    return text;
}

/// `models/gemini-2.5-flash` is how the body names it.
std::string bare_model(std::string name) {
    constexpr string_view prefix = "models/";
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

/// Filters set to let everything pass ask for nothing that a provider without filters could not do.
bool asks_for_filters(const Json& settings) {
    for (const auto& setting : settings) {
        auto threshold = string_in(setting, "threshold");
        bool off = threshold == "BLOCK_NONE" || threshold == "OFF" ||
                   threshold == "HARM_BLOCK_THRESHOLD_UNSPECIFIED";
        if (!off)
            return true;
    }
    return false;
}

void read_thinking(Fields& config, llm::ChatRequest& out) {
    const auto* value = config.take_object("thinkingConfig");
    if (value == nullptr)
        return;
    Fields thinking(*value, config.path_of("thinkingConfig"), config.complaint());
    thinking.read("includeThoughts", out.reasoning.shown);
    std::string level;
    thinking.read("thinkingLevel", level);
    if (level != "THINKING_LEVEL_UNSPECIFIED")
        out.reasoning.effort = lower_case(level);
    std::optional<std::int64_t> budget;
    thinking.read("thinkingBudget", budget);
    if (budget == 0)
        out.reasoning.enabled = false;
    else if (budget == -1)
        out.reasoning.adaptive = true;
    else
        out.reasoning.budget_tokens = budget;
    keep_rest(thinking, "generationConfig.thinkingConfig.", {}, out.extras);
}

void read_format(Fields& config, llm::ChatRequest& out) {
    auto& format = out.response_format;
    std::string type;
    config.read("responseMimeType", type);
    const auto* own = config.take("responseSchema");
    const auto* schema = config.take("responseJsonSchema");
    if (schema == nullptr)
        schema = config.take("_responseJsonSchema");
    if (!type.empty() && type != "application/json" && type != "text/plain") {
        // `text/x.enum`: one word out of a list, which no other format has.
        out.extras.push_back({"generationConfig.responseMimeType", json_text(type)});
        if (own != nullptr)
            out.extras.push_back({"generationConfig.responseSchema", json_text(*own)});
        return;
    }
    if (type == "text/plain")
        format.kind = llm::ResponseFormat::Kind::text;
    else if (own != nullptr || schema != nullptr)
        format.kind = llm::ResponseFormat::Kind::json_schema;
    else if (!type.empty())
        format.kind = llm::ResponseFormat::Kind::json_object;
    if (schema != nullptr)
        format.schema = json_text(*schema);
    if (own != nullptr) {
        if (schema == nullptr)
            format.schema = json_text(schema_from_gemini(*own));
        out.extras.push_back({"generationConfig.responseSchema", json_text(*own), true});
    }
}

/// One prebuilt voice has a word in the neutral form; several speakers have none.
void read_speech(Fields& config, llm::ChatRequest& out) {
    const auto* speech = config.take_object("speechConfig");
    if (speech == nullptr)
        return;
    const auto* voice = member(*speech, "voiceConfig");
    const auto* prebuilt = voice != nullptr ? member(*voice, "prebuiltVoiceConfig") : nullptr;
    auto name = prebuilt != nullptr ? string_in(*prebuilt, "voiceName") : std::string();
    if (!name.empty())
        out.audio = json_text(Json{{"voice", name}});
    bool all_said = !name.empty() && speech->size() == 1;
    out.extras.push_back({"generationConfig.speechConfig", json_text(*speech), all_said});
}

void read_modalities(Fields& config, llm::ChatRequest& out) {
    config.read_strings("responseModalities", out.modalities);
    for (auto& modality : out.modalities)
        modality = lower_case(modality);
}

void read_allowed(Fields& calling, const std::string& mode, llm::ToolChoice& choice) {
    using Kind = llm::ToolChoice::Kind;
    calling.read_strings("allowedFunctionNames", choice.allowed);
    if (mode == "AUTO" || mode == "VALIDATED")
        choice.kind = Kind::automatic;
    else if (mode == "NONE")
        choice.kind = Kind::none;
    else if (mode == "ANY")
        choice.kind = Kind::required;
    else if (!mode.empty() && mode != "MODE_UNSPECIFIED")
        calling.complaint().expected(calling.path_of("mode"), "AUTO, ANY, NONE or VALIDATED");
    if (choice.kind == Kind::required && choice.allowed.size() == 1) {
        choice.kind = Kind::named;
        choice.name = choice.allowed[0];
        choice.allowed.clear();
    }
}

void read_tool_config(Fields& body, llm::ChatRequest& out) {
    const auto* value = body.take_object("toolConfig");
    if (value == nullptr)
        return;
    Fields config(*value, "toolConfig", body.complaint());
    if (const auto* given = config.take_object("functionCallingConfig")) {
        Fields calling(*given, "toolConfig.functionCallingConfig", body.complaint());
        std::string mode;
        calling.read("mode", mode);
        read_allowed(calling, mode, out.tool_choice);
        if (mode == "VALIDATED")
            out.extras.push_back({"toolConfig.functionCallingConfig.mode", json_text(mode), true});
        keep_rest(calling, "toolConfig.functionCallingConfig.", {"streamFunctionCallArguments"},
                  out.extras);
    }
    keep_rest(config, "toolConfig.", {}, out.extras);
}

llm::Tool function_of(Fields& declaration) {
    llm::Tool tool;
    declaration.read("name", tool.name);
    declaration.read("description", tool.description);
    if (tool.name.empty())
        declaration.complaint().expected(declaration.path_of("name"), "a name");
    const auto* own = declaration.take_object("parameters");
    declaration.read_json("parametersJsonSchema", tool.parameters);
    if (tool.parameters.empty() && own != nullptr)
        tool.parameters = json_text(schema_from_gemini(*own));
    // Its own wire gets the declaration back as it is, with what it says of the result.
    tool.wire = gemini_name;
    tool.definition = json_text(declaration.object());
    return tool;
}

void read_tool(const Json& value, const std::string& path, Complaint& complaint,
               llm::ChatRequest& out) {
    Fields tool(value, path, complaint);
    if (const auto* declarations = tool.take_array("functionDeclarations")) {
        auto where = tool.path_of("functionDeclarations");
        for (std::size_t i = 0; i < declarations->size(); ++i) {
            Fields declaration((*declarations)[i], element_path(where, i), complaint);
            out.tools.push_back(function_of(declaration));
        }
    }
    std::vector<llm::Extra> rest;
    tool.rest(rest);
    for (auto& extra : rest) {
        llm::Tool built_in;
        built_in.kind = llm::Tool::Kind::built_in;
        built_in.name = extra.name;
        built_in.wire = gemini_name;
        built_in.definition = json_text(Json{{extra.name, embedded(extra.value)}});
        out.tools.push_back(std::move(built_in));
    }
}

}  // namespace

void read_gemini_config(Fields& body, llm::ChatRequest& out) {
    const auto* value = body.take_object("generationConfig");
    if (value == nullptr)
        return;
    Fields config(*value, "generationConfig", body.complaint());
    auto& sampling = out.sampling;
    config.read("temperature", sampling.temperature);
    config.read("topP", sampling.top_p);
    config.read("topK", sampling.top_k);
    config.read("presencePenalty", sampling.presence_penalty);
    config.read("frequencyPenalty", sampling.frequency_penalty);
    config.read("seed", sampling.seed);
    config.read_strings("stopSequences", sampling.stop);
    config.read("responseLogprobs", sampling.logprobs);
    config.read("logprobs", sampling.top_logprobs);
    config.read("maxOutputTokens", out.output_tokens_max);
    std::optional<std::int64_t> candidates;
    config.read("candidateCount", candidates);
    out.choices = candidates.value_or(1);
    if (out.choices < 1 || out.choices > 128)
        body.complaint().expected("generationConfig.candidateCount", "from 1 to 128");
    if (out.output_tokens_max && *out.output_tokens_max < 0)
        body.complaint().expected("generationConfig.maxOutputTokens", "0 or more");
    read_modalities(config, out);
    read_format(config, out);
    read_thinking(config, out);
    read_speech(config, out);
    keep_rest(config, "generationConfig.", {"mediaResolution"}, out.extras);
}

void read_gemini_tools(Fields& body, llm::ChatRequest& out) {
    if (const auto* tools = body.take_array("tools"))
        for (std::size_t i = 0; i < tools->size(); ++i)
            read_tool((*tools)[i], element_path("tools", i), body.complaint(), out);
    read_tool_config(body, out);
}

Result<llm::ChatRequest> read_gemini_request(const RequestSource& source) {
    auto document = parse_json(source.body);
    if (!document)
        return document.error();
    Complaint complaint;
    make_names_canonical(*document, complaint);
    Fields body(*document, {}, complaint);
    llm::ChatRequest out;
    out.wire = gemini_name;
    out.stream = source.stream;
    out.usage_in_stream = true;
    body.read("model", out.model);
    out.model = bare_model(source.model.empty() ? out.model : std::string(source.model));
    body.require("contents", "the turns of the conversation");
    read_gemini_contents(body, out);
    read_gemini_tools(body, out);
    read_gemini_config(body, out);
    body.read("serviceTier", out.service_tier);
    if (out.service_tier == "standard")
        out.service_tier = "default";
    body.read("store", out.store);
    if (const auto* labels = body.take_object("labels"))
        out.metadata = json_text(*labels);
    if (const auto* settings = body.take_array("safetySettings"))
        out.extras.push_back(
            {"safetySettings", json_text(*settings), !asks_for_filters(*settings)});
    keep_rest(body, {}, {}, out.extras);
    if (complaint)
        return *complaint.first();
    return out;
}

}  // namespace obliv::wire
