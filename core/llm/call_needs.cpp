#include "core/llm/call_needs.hpp"

#include "core/llm/json_scan.hpp"

#include <array>

namespace obliv::llm {
namespace {

constexpr auto npos = std::string_view::npos;

struct KeyNeed {
    std::string_view key;
    std::string_view need;
};
// A key that is there, with a value, at any depth of a chat.
constexpr std::array keys{
    KeyNeed{"tools", "tools"},
    KeyNeed{"functions", "tools"},
    KeyNeed{"image_url", "vision"},
    KeyNeed{"input_audio", "audio"},
    KeyNeed{"audio", "audio"},
    KeyNeed{"file", "files"},
    KeyNeed{"reasoning_effort", "reasoning"},
};

bool says_something(std::string_view json, std::size_t at) {
    auto value = json.substr(at);
    if (value.starts_with("null"))
        return false;
    if (!value.starts_with("["))
        return true;
    auto next = value.find_first_not_of(" \t\r\n", 1);
    return next != npos && value[next] != ']';
}

void add(std::vector<std::string_view>& needs, std::string_view need) {
    for (auto known : needs)
        if (known == need)
            return;
    needs.push_back(need);
}

/// The type of `response_format`; empty: none is asked for.
std::string_view format_of(std::string_view body) {
    auto at = find_value(body, "response_format");
    if (at >= body.size() || body[at] != '{')
        return {};
    auto format = object_at(body, at);
    auto type = find_value(format, "type");
    return type < format.size() && format[type] == '"' ? string_at(format, type)
                                                       : std::string_view{};
}

}  // namespace

std::vector<std::string_view> needs_of(const ChatCall& call, std::string_view body) {
    std::vector<std::string_view> needs;
    if (call.stream)
        add(needs, "stream");
    if (call.choices > 1)
        add(needs, "choices");
    for (const auto& [key, need] : keys)
        for (auto at = find_value(body, key); at < body.size(); at = find_value(body, key, at))
            if (says_something(body, at)) {
                add(needs, need);
                break;
            }
    auto format = format_of(body);
    if (format == "json_object" || format == "json_schema")
        add(needs, format);
    return needs;
}

}  // namespace obliv::llm
