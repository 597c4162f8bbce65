#include "core/wire/gemini_wire.hpp"

#include "core/wire/gemini_schema.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

std::string upper_case(std::string text) {
    for (auto& c : text)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c ^ 0x20);
    return text;
}

bool has_extra(const llm::ChatRequest& request, string_view name) {
    return std::any_of(request.extras.begin(), request.extras.end(),
                       [&](const llm::Extra& extra) { return extra.name == name; });
}

/// How many tokens a word for effort stands for where the model thinks by number: what Google's own
/// OpenAI-compatible endpoint takes them for.
std::int64_t budget_of(string_view effort) {
    if (effort == "none")
        return 0;
    if (effort == "minimal" || effort == "low")
        return 1024;
    return effort == "medium" ? 8192 : 24'576;
}

/// Pro models cannot do without thinking; this is the least.
std::int64_t least_thinking(string_view model) {
    return model.find("pro") == string_view::npos ? 0 : 128;
}

void think_by_level(const llm::Reasoning& reasoning, Json& config) {
    constexpr std::array levels{"minimal", "low", "medium", "high"};
    auto effort = reasoning.enabled == false ? "none" : reasoning.effort;
    if (effort.empty())
        return;
    // These models cannot be kept from thinking, and know no more than "high".
    bool known = std::find(levels.begin(), levels.end(), effort) != levels.end();
    auto level = known ? effort : std::string(effort == "none" ? "minimal" : "high");
    config["thinkingLevel"] = upper_case(level);
}

void think_by_number(const llm::ChatRequest& request, Json& config) {
    const auto& reasoning = request.reasoning;
    std::optional<std::int64_t> budget;
    if (reasoning.enabled == false)
        budget = 0;
    else if (!reasoning.effort.empty())
        budget = budget_of(reasoning.effort);
    if (budget)
        config["thinkingBudget"] = *budget == 0 ? least_thinking(request.model) : *budget;
}

Json thinking_config(const llm::ChatRequest& request, bool same_wire) {
    const auto& reasoning = request.reasoning;
    auto config = Json::object();
    // Who asks other providers to think is shown the thoughts unless he says otherwise.
    bool asked =
        reasoning.enabled == true || reasoning.adaptive == true || !reasoning.summary.empty();
    if (reasoning.shown || (asked && !same_wire))
        config["includeThoughts"] = reasoning.shown.value_or(true);
    if (reasoning.budget_tokens)
        config["thinkingBudget"] = *reasoning.budget_tokens;
    else if (reasoning.adaptive == true && reasoning.effort.empty())
        config["thinkingBudget"] = -1;
    else if (same_wire && reasoning.enabled == false)
        config["thinkingBudget"] = 0;
    bool told = config.contains("thinkingBudget") && !same_wire;
    if (same_wire && !reasoning.effort.empty())
        config["thinkingLevel"] = upper_case(reasoning.effort);
    else if (!same_wire && !told && gemini_thinks_in_levels(request.model))
        think_by_level(reasoning, config);
    else if (!same_wire && !told)
        think_by_number(request, config);
    return config;
}

void write_format(const llm::ChatRequest& request, Json& config) {
    using Kind = llm::ResponseFormat::Kind;
    const auto& format = request.response_format;
    if (format.kind == Kind::unset)
        return;
    config["responseMimeType"] = format.kind == Kind::text ? "text/plain" : "application/json";
    bool given =
        request.wire == gemini_name && has_extra(request, "generationConfig.responseSchema");
    if (format.schema.empty() || given)
        return;
    auto schema = embedded(format.schema);
    if (request.wire == gemini_name) {
        config["responseJsonSchema"] = std::move(schema);
        return;
    }
    Json translated;
    bool own = schema_to_gemini(schema, translated);
    config[own ? "responseSchema" : "responseJsonSchema"] = std::move(translated);
}

void write_speech(const llm::ChatRequest& request, Json& config, Losses& losses) {
    if (request.audio.empty())
        return;
    auto audio = embedded(request.audio);
    // OpenAI's `voice` may also be an object with an id, of a voice that lies with OpenAI.
    auto voice = string_in(audio, "voice");
    if (!voice.empty())
        config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"] = voice;
    auto form = string_in(audio, "format");
    if (!form.empty() && form != "pcm16")
        losses.add("audio.format", "Gemini speaks in 16-bit PCM only");
}

template <typename T>
void set(Json& config, const char* name, const std::optional<T>& value) {
    if (value)
        config[name] = *value;
}

/// Puts `generationConfig.x` where its name says.
void put_extras(const llm::ChatRequest& request, Json& body) {
    for (const auto& extra : request.extras) {
        auto* place = &body;
        string_view left = extra.name;
        for (auto dot = left.find('.'); dot != string_view::npos; dot = left.find('.')) {
            place = &(*place)[std::string(left.substr(0, dot))];
            left.remove_prefix(dot + 1);
        }
        (*place)[std::string(left)] = embedded(extra.value);
    }
}

Json declaration_of(const llm::Tool& tool) {
    if (tool.wire == gemini_name && !tool.definition.empty())
        return embedded(tool.definition);
    auto declaration = Json::object();
    declaration["name"] = tool.name;
    if (!tool.description.empty())
        declaration["description"] = tool.description;
    auto schema = tool.parameters.empty() ? Json() : embedded(tool.parameters);
    const auto* properties = member(schema, "properties");
    // An object without properties is refused by many models; no parameters are none.
    bool none = !schema.is_object() || (!schema.contains("$ref") && !schema.contains("anyOf") &&
                                        (properties == nullptr || properties->empty()));
    if (none)
        return declaration;
    Json translated;
    bool own = schema_to_gemini(schema, translated);
    declaration[own ? "parameters" : "parametersJsonSchema"] = std::move(translated);
    return declaration;
}

void write_choice(const llm::ToolChoice& choice, Json& body) {
    using Kind = llm::ToolChoice::Kind;
    if (choice.kind == Kind::unset && choice.allowed.empty())
        return;
    auto& calling = body["toolConfig"]["functionCallingConfig"];
    calling = Json::object();
    // A choice among some only is a mode of its own: AUTO does not take a list.
    if (choice.kind == Kind::none)
        calling["mode"] = "NONE";
    else if (choice.kind == Kind::automatic || choice.kind == Kind::unset)
        calling["mode"] = choice.allowed.empty() ? "AUTO" : "VALIDATED";
    else
        calling["mode"] = "ANY";
    if (choice.kind == Kind::named)
        calling["allowedFunctionNames"] = Json::array({choice.name});
    else if (!choice.allowed.empty())
        calling["allowedFunctionNames"] = choice.allowed;
}

void write_tier(const llm::ChatRequest& request, Json& body, Losses& losses) {
    const auto& tier = request.service_tier;
    if (tier == "default")
        body["serviceTier"] = "standard";
    else if (tier == "flex" || tier == "priority" || (losses.same_wire() && !tier.empty()))
        body["serviceTier"] = tier;
    else if (!tier.empty() && tier != "auto")
        losses.add(Term::service_tier, "Gemini has standard, flex and priority");
}

}  // namespace

void write_gemini_tools(const llm::ChatRequest& request, Json& body, Losses& losses) {
    auto declarations = Json::array();
    auto built_in = Json::array();
    for (const auto& tool : request.tools) {
        if (tool.kind == llm::Tool::Kind::function)
            declarations.push_back(declaration_of(tool));
        else if (tool.kind == llm::Tool::Kind::custom)
            losses.add("the tool '" + tool.name + "'",
                       "Gemini's functions take JSON, not free text");
        else if (tool.wire == gemini_name)  // else Losses::add_foreign says so
            built_in.push_back(embedded(tool.definition));
    }
    auto tools = Json::array();
    if (!declarations.empty())
        tools.push_back({{"functionDeclarations", std::move(declarations)}});
    for (auto& tool : built_in)
        tools.push_back(std::move(tool));
    if (!tools.empty())
        body["tools"] = std::move(tools);
    write_choice(request.tool_choice, body);
}

Json gemini_config(const llm::ChatRequest& request, Losses& losses) {
    auto config = Json::object();
    const auto& sampling = request.sampling;
    set(config, "temperature", sampling.temperature);
    set(config, "topP", sampling.top_p);
    set(config, "topK", sampling.top_k);
    set(config, "presencePenalty", sampling.presence_penalty);
    set(config, "frequencyPenalty", sampling.frequency_penalty);
    set(config, "seed", sampling.seed);
    if (!sampling.stop.empty())
        config["stopSequences"] = sampling.stop;
    set(config, "responseLogprobs", sampling.logprobs);
    set(config, "logprobs", sampling.top_logprobs);
    if (!sampling.logit_bias.empty())
        losses.add(Term::logit_bias, "Gemini has no such thing");
    set(config, "maxOutputTokens", request.output_tokens_max);
    if (request.choices != 1)
        config["candidateCount"] = request.choices;
    for (const auto& modality : request.modalities)
        config["responseModalities"].push_back(upper_case(modality));
    write_format(request, config);
    auto thinking = thinking_config(request, losses.same_wire());
    if (!thinking.empty())
        config["thinkingConfig"] = std::move(thinking);
    write_speech(request, config, losses);
    if (!request.verbosity.empty() && request.verbosity != "medium")
        losses.add("verbosity", "Gemini has no such thing");
    return config;
}

Result<WrittenRequest> write_gemini_request(const llm::ChatRequest& request, const Dialect&) {
    Losses losses(request, gemini_name);
    losses.add_foreign();
    auto body = Json::object();
    if (auto written = write_gemini_contents(request, body, losses); !written)
        return written.error();
    write_gemini_tools(request, body, losses);
    auto config = gemini_config(request, losses);
    if (!config.empty())
        body["generationConfig"] = std::move(config);
    write_tier(request, body, losses);
    if (losses.same_wire()) {
        set(body, "store", request.store);
        if (!request.metadata.empty())
            body["labels"] = embedded(request.metadata);
        put_extras(request, body);
    }
    return WrittenRequest{json_text(body), {}, std::move(losses).take()};
}

}  // namespace obliv::wire
