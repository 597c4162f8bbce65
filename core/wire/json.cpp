#include "core/wire/json.hpp"

#include "core/config/limits.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

// A member of an object is found by looking at those before it, so a thousand members cost half a
// million looks, as does reading them. This many looks are a tenth of a second. Elements of arrays
// are found at once: a vector may have thousands.
constexpr std::uint64_t looks_max = 32'000'000;
// A value in memory is sixteen bytes and more: two thousand vectors of the longest models fit.
constexpr std::uint64_t values_max = 8'000'000;

/// What makes parsing expensive, seen from the bytes alone: depth, and members per object.
class Cost {
public:
    /// Empty: it may be parsed.
    std::string excess(std::string_view text) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] == '"')
                at = end_of_string(text, at);
            else
                take(text[at]);
            if (depth_ > members_.size())
                return "is nested more than " + std::to_string(members_.size()) + " levels deep";
        }
        if (values_ > values_max)
            return "has too many values";
        return looks_ > looks_max ? "has objects with too many members" : "";
    }

private:
    void take(char c) {
        if (c == '{' || c == '[')
            open(c == '[');
        else if ((c == '}' || c == ']') && depth_ > 0)
            --depth_;
        else if (c == ',' && depth_ > 0)
            separate();
    }
    static std::size_t end_of_string(std::string_view text, std::size_t at) {
        for (++at; at < text.size() && text[at] != '"'; ++at)
            if (text[at] == '\\')
                ++at;
        return at;
    }
    void separate() {
        ++values_;
        if (!is_array_[depth_ - 1])
            looks_ += ++members_[depth_ - 1];
    }
    void open(bool array) {
        if (depth_++ >= members_.size())
            return;
        members_[depth_ - 1] = 0;
        is_array_[depth_ - 1] = array;
    }

    std::array<std::uint64_t, limits::json_depth> members_{};
    std::array<bool, limits::json_depth> is_array_{};
    std::size_t depth_ = 0;
    std::uint64_t looks_ = 0;
    std::uint64_t values_ = 0;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
    Cost cost;
    if (auto excess = cost.excess(text); !excess.empty())
        return fail(Code::invalid_request, "the JSON " + excess);
    auto value = Json::parse(text, nullptr, false);
    if (value.is_discarded())
        return fail(Code::invalid_request, "the text is not valid JSON in UTF-8");
    return value;
}

Json embedded(const llm::JsonText& text) {
    auto value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json() : value;
}

std::string json_text(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void append_quoted(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out.append(1, '\\').append(1, c);
        else if (c == '\n')
            out += "\\n";
        else if (byte < 0x20)
            out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
        else
            out += c;
    }
    out += '"';
}

const Json* member(const Json& value, std::string_view name) {
    if (!value.is_object())
        return nullptr;
    auto found = value.find(name);
    return found == value.end() || found->is_null() ? nullptr : &*found;
}

std::string string_in(const Json& value, std::string_view name) {
    const auto* found = member(value, name);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> int_in(const Json& value, std::string_view name) {
    const auto* found = member(value, name);
    if (found == nullptr || !found->is_number())
        return std::nullopt;
    // Some hosts write counts as 12.0; beyond this a double has no whole numbers of its own.
    constexpr double whole_max = 9e15;
    if (found->is_number_float()) {
        auto number = found->get<double>();
        if (!(number >= -whole_max && number <= whole_max))
            return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX)
        return std::nullopt;
    return found->get<std::int64_t>();
}

bool true_in(const Json& value, std::string_view name) {
    const auto* found = member(value, name);
    return found != nullptr && found->is_boolean() && found->get<bool>();
}

}  // namespace obliv::wire
