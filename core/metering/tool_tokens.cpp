// Function definitions as OpenAI's models see them: a declaration with a line for each parameter.
// The constants are from OpenAI's cookbook, "How to count tokens", for the gpt-4o family.

#include "core/metering/chat_tokens.hpp"

#include <nlohmann/json.hpp>

namespace obliv::metering {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t function_tokens = 7;
constexpr std::int64_t properties_tokens = 3;
constexpr std::int64_t property_tokens = 3;
constexpr std::int64_t enum_tokens = -3;
constexpr std::int64_t enum_value_tokens = 3;

std::string without_full_stop(std::string text) {
    if (text.ends_with('.'))
        text.pop_back();
    return text;
}

std::string text_of(const Json& object, const char* key) {
    auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class Counting {
public:
    Counting(const tokenizer::Tokenizers& tokenizers, std::string_view model)
        : tokenizers_(tokenizers), model_(model) {}

    std::int64_t text(std::string_view text) const {
        return tokenizers_.count(model_, text).tokens;
    }

    std::int64_t property(const std::string& name, const Json& about) const {
        if (!about.is_object())
            return property_tokens + text(name);
        auto sum = property_tokens;
        auto words = about.find("enum");
        if (words != about.end() && words->is_array()) {
            sum += enum_tokens;
            for (const auto& word : *words)
                sum += enum_value_tokens +
                       text(word.is_string() ? word.get<std::string>() : word.dump());
        }
        sum += text(name + ":" + text_of(about, "type") + ":" +
                    without_full_stop(text_of(about, "description")));
        // What is nested is counted as it is written: the cookbook says nothing about it.
        for (const auto* nested : {"properties", "items", "anyOf"})
            if (auto inner = about.find(nested); inner != about.end())
                sum += text(inner->dump());
        return sum;
    }

private:
    const tokenizer::Tokenizers& tokenizers_;
    std::string_view model_;
};

}  // namespace

std::int64_t tool_tokens(const tokenizer::Tokenizers& tokenizers, std::string_view model,
                         const llm::Tool& tool) {
    Counting counting(tokenizers, model);
    if (tool.kind == llm::Tool::Kind::built_in)
        return counting.text(tool.definition);
    auto sum =
        function_tokens + counting.text(tool.name + ":" + without_full_stop(tool.description));
    if (tool.kind == llm::Tool::Kind::custom)
        return sum + counting.text(tool.definition);
    auto schema = Json::parse(tool.parameters, nullptr, false);
    if (!schema.is_object())
        return sum + counting.text(tool.parameters);
    auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object() || properties->empty())
        return sum;
    sum += properties_tokens;
    for (const auto& [name, about] : properties->items())
        sum += counting.property(name, about);
    return sum;
}

}  // namespace obliv::metering
