#include "cli/commands/channel_plan.hpp"
#include "cli/commands/yaml.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

namespace obliv::cli {
namespace {

/// What a numbered channel type of One API or New API is here; empty: there is no counterpart.
struct Number {
    int number;
    std::string_view type;
};

// The two projects share the numbers up to 24 and went their own ways from there.
constexpr std::array common{
    Number{1, "openai"},      Number{3, "azure"},   Number{8, "openai"},    Number{14, "anthropic"},
    Number{15, "qianfan"},    Number{16, "zhipu"},  Number{17, "qwen"},     Number{18, "spark"},
    Number{20, "openrouter"}, Number{24, "gemini"}, Number{25, "moonshot"},
};
constexpr std::array of_oneapi{
    Number{27, "minimax"}, Number{28, "mistral"}, Number{29, "groq"},     Number{30, "ollama"},
    Number{33, "bedrock"}, Number{35, "cohere"},  Number{36, "deepseek"}, Number{39, "together"},
    Number{42, "vertex"},  Number{45, "xai"},     Number{47, "qianfan"},  Number{48, "spark"},
    Number{49, "qwen"},    Number{50, "openai"},
};
constexpr std::array of_newapi{
    Number{4, "ollama"},   Number{6, "openai"},    Number{26, "zhipu"},   Number{27, "perplexity"},
    Number{33, "bedrock"}, Number{34, "cohere"},   Number{35, "minimax"}, Number{41, "vertex"},
    Number{42, "mistral"}, Number{43, "deepseek"}, Number{46, "qianfan"}, Number{48, "xai"},
};

template <std::size_t size>
std::string_view find_number(const std::array<Number, size>& list, int number) {
    for (const auto& one : list)
        if (one.number == number)
            return one.type;
    return {};
}

std::string_view type_of(int number, bool newapi) {
    if (auto type = find_number(common, number); !type.empty())
        return type;
    return newapi ? find_number(of_newapi, number) : find_number(of_oneapi, number);
}

std::string text_in(const Json& object, const char* name) {
    auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_in(const Json& object, const char* name, std::int64_t otherwise) {
    auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                               : otherwise;
}

Json words_of(const std::string& text, char separator) {
    Json out = Json::array();
    for (auto word : split(text, separator))
        if (auto trimmed = trim(word); !trimmed.empty())
            out.push_back(std::string(trimmed));
    return out;
}

/// Service accounts of Google's: one, or a list of them.
Json accounts_in(const std::string& text) {
    auto json = Json::parse(text, nullptr, false);
    Json out = Json::array();
    if (json.is_object())
        out.push_back(json.dump());
    else if (json.is_array())
        for (const auto& account : json)
            if (account.is_object())
                out.push_back(account.dump());
    return out;
}

/// Their keys have the same parts as ours, but not in the same order: Spark's id, secret and key,
/// and in front of Vertex AI's account, which may have many lines, a region and a project.
Json keys_of(const Json& row, std::string_view type) {
    auto text = text_in(row, "key");
    if (auto begin = text.find_first_of("[{"); type == "vertex" && begin != std::string::npos)
        return accounts_in(text.substr(begin));
    auto keys = words_of(text, '\n');
    for (auto& key : keys) {
        auto parts = split(key.get_ref<const std::string&>(), '|');
        if (type == "spark" && parts.size() == 3)
            key = std::string(parts[0]) + "|" + std::string(parts[2]) + "|" + std::string(parts[1]);
    }
    return keys;
}

/// Where Vertex AI's models are, which One API says in front of the key.
std::string place_of_vertex(const Json& row) {
    auto text = text_in(row, "key");
    auto region = text.substr(0, text.find('|'));
    bool named = !region.empty() && region.size() < text.size() &&
                 region.find_first_of("[{") == std::string::npos;
    return named && region != "global" ? "https://" + region + "-aiplatform.googleapis.com" : "";
}

/// A name that can be one here: others' may have spaces and any letters.
std::string name_of(const std::string& text, const std::map<std::string, int>& taken) {
    std::string name;
    for (char c : text.substr(0, 56)) {
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '_' || c == '-';
        if (plain || (!name.empty() && name.back() != '-'))
            name += plain ? c : '-';
    }
    while (name.ends_with('-'))
        name.pop_back();
    if (name.empty() || parse_int(name))
        name = "channel-" + name;
    auto found = taken.find(name);
    return found == taken.end() ? name : name + "-" + std::to_string(found->second + 1);
}

/// Their base URLs stop before `/v1`, ours are as the provider's SDK takes them.
std::string base_url_of(std::string url, std::string_view type) {
    while (url.ends_with('/'))
        url.pop_back();
    constexpr std::array<std::string_view, 8> with_version{
        "openai", "moonshot", "minimax", "mistral", "xai", "together", "cerebras", "vllm"};
    bool versioned = url.ends_with("/v1") || url.ends_with("/v2") || url.ends_with("/v4");
    if (!versioned &&
        std::find(with_version.begin(), with_version.end(), type) != with_version.end())
        url += "/v1";
    return url;
}

struct Importer {
    Imported out;
    std::map<std::string, int> names;

    void add(const std::string& label, Json channel) {
        auto name = name_of(label, names);
        ++names[name_of(label, {})];
        Json full{{"name", name}};
        full.update(channel);
        out.channels.push_back(std::move(full));
    }
    void warn(const std::string& text) { out.warnings.push_back(visible(text)); }
};

void take_numbered(const Json& row, bool newapi, Importer& importer) {
    auto label = text_in(row, "name");
    auto number = static_cast<int>(number_in(row, "type", 0));
    auto type = type_of(number, newapi);
    if (type.empty()) {
        importer.warn("left out '" + label + "': there is no counterpart of type " +
                      std::to_string(number));
        return;
    }
    Json channel{{"type", type}};
    channel["models"] = words_of(text_in(row, "models"), ',');
    if (channel["models"].empty()) {
        importer.warn("left out '" + label + "': it serves no models");
        return;
    }
    channel["keys"] = keys_of(row, type);
    if (channel["keys"].empty())
        importer.warn("'" + label + "' comes without a key: the other gateway does not show it");
    if (auto url = text_in(row, "base_url"); !url.empty())
        channel["base_url"] = base_url_of(url, type);
    else if (auto place = type == "vertex" ? place_of_vertex(row) : std::string(); !place.empty())
        channel["base_url"] = place;
    if (auto groups = words_of(text_in(row, "group"), ','); !groups.empty())
        channel["groups"] = groups;
    auto mapping = Json::parse(text_in(row, "model_mapping"), nullptr, false);
    if (mapping.is_object() && !mapping.empty())
        channel["aliases"] = mapping;
    channel["priority"] = number_in(row, "priority", 0);
    channel["weight"] = std::max<std::int64_t>(1, number_in(row, "weight", 1));
    channel["enabled"] = number_in(row, "status", 1) == 1;
    importer.add(label, std::move(channel));
}

/// The answer of their `/api/channel`, its `data`, or a bare list of rows.
const Json* rows_in(const Json& document) {
    if (document.is_array())
        return &document;
    if (!document.is_object() || !document.contains("data"))
        return nullptr;
    const auto& data = document["data"];
    if (data.is_object() && data.contains("items"))
        return data["items"].is_array() ? &data["items"] : nullptr;
    return data.is_array() ? &data : nullptr;
}

Result<Imported> read_numbered(const std::string& text, bool newapi) {
    auto document = Json::parse(text, nullptr, false);
    const auto* rows = document.is_discarded() ? nullptr : rows_in(document);
    if (rows == nullptr)
        return fail(Code::usage, "expected the JSON list of channels that /api/channel/ answers");
    Importer importer;
    for (const auto& row : *rows)
        if (row.is_object())
            take_numbered(row, newapi, importer);
    return importer.out;
}

/// LiteLLM's providers by the word before the slash of a model.
std::string_view type_of_litellm(std::string_view provider) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 24> known{{
        {"openai", "openai"},
        {"azure", "azure"},
        {"anthropic", "anthropic"},
        {"gemini", "gemini"},
        {"vertex_ai", "vertex"},
        {"bedrock", "bedrock"},
        {"cohere", "cohere"},
        {"cohere_chat", "cohere"},
        {"mistral", "mistral"},
        {"deepseek", "deepseek"},
        {"moonshot", "moonshot"},
        {"minimax", "minimax"},
        {"zai", "zhipu"},
        {"dashscope", "qwen"},
        {"groq", "groq"},
        {"xai", "xai"},
        {"openrouter", "openrouter"},
        {"together_ai", "together"},
        {"perplexity", "perplexity"},
        {"cerebras", "cerebras"},
        {"huggingface", "huggingface"},
        {"ollama", "ollama"},
        {"ollama_chat", "ollama"},
        {"hosted_vllm", "vllm"},
    }};
    for (const auto& [word, type] : known)
        if (word == provider)
            return type;
    return {};
}

/// `os.environ/NAME` is read here; anything else is the key.
std::string key_of(const std::string& text, Importer& importer) {
    constexpr std::string_view prefix = "os.environ/";
    if (!text.starts_with(prefix))
        return text;
    auto name = text.substr(prefix.size());
    if (const char* value = std::getenv(name.c_str()))
        return value;
    importer.warn("the environment has no " + name + ": its channel comes without a key");
    return {};
}

Result<Imported> read_litellm(const std::string& text) {
    auto document = parse_yaml(text);
    if (!document)
        return document.error();
    auto list = document->find("model_list");
    if (!document->is_object() || list == document->end() || !list->is_array())
        return fail(Code::usage, "expected a configuration of LiteLLM with a model_list");
    Importer importer;
    for (const auto& row : *list) {
        if (!row.is_object() || !row.contains("litellm_params"))
            continue;
        const auto& params = row["litellm_params"];
        auto name = text_in(row, "model_name");
        auto model = text_in(params, "model");
        auto slash = model.find('/');
        auto type = slash == std::string::npos ? std::string_view("openai")
                                               : type_of_litellm(model.substr(0, slash));
        if (type.empty() || name.empty() || model.empty()) {
            importer.warn("left out '" + name + "': there is no counterpart of '" + model + "'");
            continue;
        }
        auto upstream = slash == std::string::npos ? model : model.substr(slash + 1);
        Json channel{{"type", type}, {"models", {name}}};
        if (upstream != name)
            channel["aliases"] = Json{{name, upstream}};
        auto key = key_of(text_in(params, "api_key"), importer);
        channel["keys"] = key.empty() ? Json::array() : Json{key};
        if (auto base = text_in(params, "api_base"); !base.empty())
            channel["base_url"] = base_url_of(base, {});
        channel["weight"] = std::max<std::int64_t>(1, number_in(params, "weight", 1));
        importer.add(name, std::move(channel));
    }
    return importer.out;
}

}  // namespace

Result<Imported> read_foreign(const std::string& text, const std::string& format) {
    if (format == "litellm")
        return read_litellm(text);
    return read_numbered(text, format == "newapi");
}

}  // namespace obliv::cli
