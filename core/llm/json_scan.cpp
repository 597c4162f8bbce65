#include "core/llm/json_scan.hpp"

#include <cstring>

namespace obliv::llm {
namespace {

constexpr auto npos = std::string_view::npos;

std::size_t skip_spaces(std::string_view json, std::size_t at) noexcept {
    while (at < json.size() &&
           (json[at] == ' ' || json[at] == '\t' || json[at] == '\n' || json[at] == '\r'))
        ++at;
    return at;
}

std::size_t find(std::string_view text, std::string_view what, std::size_t from) noexcept {
    if (from >= text.size())
        return npos;
    // memmem is vectorised in glibc; string_view::find is a loop over memchr of the first byte,
    // which for a key is a quote: the commonest byte of JSON.
    const auto* found = static_cast<const char*>(
        memmem(text.data() + from, text.size() - from, what.data(), what.size()));
    return found == nullptr ? npos : static_cast<std::size_t>(found - text.data());
}

}  // namespace

std::size_t find_value(std::string_view json, std::string_view key, std::size_t from) noexcept {
    while ((from = find(json, key, from)) != npos) {
        auto after = from + key.size();
        bool quoted =
            from > 0 && json[from - 1] == '"' && after < json.size() && json[after] == '"';
        if (quoted) {
            auto colon = skip_spaces(json, after + 1);
            if (colon < json.size() && json[colon] == ':')
                return skip_spaces(json, colon + 1);
        }
        from = after;
    }
    return npos;
}

std::string_view object_at(std::string_view json, std::size_t at) noexcept {
    std::size_t depth = 0;
    for (auto i = at; i < json.size(); ++i) {
        char c = json[i];
        if (c == '"')
            i += string_at(json, i).size() + 1;
        else if (c == '{')
            ++depth;
        else if (c == '}' && --depth == 0)
            return json.substr(at, i + 1 - at);
    }
    return {};
}

std::string_view string_at(std::string_view json, std::size_t at) noexcept {
    auto i = at + 1;
    while (i < json.size() && json[i] != '"')
        i += json[i] == '\\' ? 2 : 1;
    if (i >= json.size())
        return json.substr(at + 1);
    return json.substr(at + 1, i - at - 1);
}

}  // namespace obliv::llm
