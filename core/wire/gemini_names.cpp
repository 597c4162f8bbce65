#include "core/wire/gemini_wire.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

/// Fields whose value is the caller's own: the names in it are not Google's.
constexpr std::array own{"args",
                         "default",
                         "example",
                         "headers",
                         "labels",
                         "partMetadata",
                         "parametersJsonSchema",
                         "responseJsonSchema",
                         "_responseJsonSchema"};

bool is_own(string_view name, string_view parent) {
    if (name == "response")  // of a declared function it is a schema
        return parent == "functionResponse" || parent == "toolResponse";
    return std::find(own.begin(), own.end(), name) != own.end();
}

/// `max_output_tokens` → `maxOutputTokens`.
std::string canonical_name(string_view name) {
    std::string out(name.substr(0, 1));
    for (std::size_t i = 1; i < name.size(); ++i) {
        bool joint =
            name[i] == '_' && i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z';
        if (joint)
            out += static_cast<char>(name[++i] - 'a' + 'A');
        else
            out += name[i];
    }
    return out;
}

// As deep as the parser lets a body be (limits::json_depth).
void rename(Json& value, string_view parent, Complaint& complaint) {
    if (value.is_array()) {
        for (auto& element : value)
            rename(element, parent, complaint);
        return;
    }
    if (!value.is_object())
        return;
    bool names_are_own = parent == "properties" || parent == "defs";
    auto out = Json::object();
    for (auto& [name, child] : value.items()) {
        auto proper = names_are_own ? name : canonical_name(name);
        if (proper != name && value.contains(proper))
            complaint.expected(name, "given once: '" + proper + "' is the same field");
        if (!is_own(proper, parent))
            rename(child, names_are_own ? string_view() : string_view(proper), complaint);
        out[proper] = std::move(child);
    }
    value = std::move(out);
}

}  // namespace

void make_names_canonical(Json& body, Complaint& complaint) {
    rename(body, {}, complaint);
}

void keep_rest(const Fields& fields, string_view prefix, const std::vector<string_view>& hints,
               std::vector<llm::Extra>& out) {
    auto first = out.size();
    fields.rest(out);
    for (auto i = first; i < out.size(); ++i) {
        out[i].hint = std::find(hints.begin(), hints.end(), out[i].name) != hints.end();
        out[i].name.insert(0, prefix);
    }
}

bool gemini_thinks_in_levels(string_view model) noexcept {
    constexpr string_view family = "gemini-";
    auto at = model.rfind(family);
    if (at == string_view::npos)
        return false;
    auto version = model.substr(at + family.size());
    auto digits = version.find_first_not_of("0123456789");
    auto major = version.substr(0, digits);
    return major.size() > 1 || (major.size() == 1 && major[0] >= '3');
}

llm::Media::Kind media_kind(string_view mime_type) noexcept {
    using Kind = llm::Media::Kind;
    if (mime_type.starts_with("image/"))
        return Kind::image;
    if (mime_type.starts_with("audio/"))
        return Kind::audio;
    return mime_type.starts_with("video/") ? Kind::video : Kind::document;
}

}  // namespace obliv::wire
