#include "core/llm/body_fields.hpp"

#include "core/llm/json_scan.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::llm {
namespace {

constexpr std::array<std::string_view, 8> fixed{
    "model",     "messages", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens",
    "modalities"};
constexpr std::string_view spaces = " \t\r\n";

/// One field of an object, by offsets.
struct Member {
    std::string_view key;  ///< escapes left as they are
    std::size_t begin;     ///< of the key, at its quote
    std::size_t value;
    std::size_t end;  ///< of the value
    bool removed = false;
};

/// The fields of the outermost object of JSON that is known to be valid.
std::vector<Member> members_of(std::string_view json) {
    std::vector<Member> out;
    each_member(json, [&](std::string_view key, std::string_view value) {
        auto begin = static_cast<std::size_t>(value.data() - json.data());
        auto quote = static_cast<std::size_t>(key.data() - json.data()) - 1;
        out.push_back({key, quote, begin, begin + value.size()});
    });
    return out;
}

/// Takes the removed members out, each with one of the commas beside it.
void append_removals(const std::vector<Member>& members, std::vector<Edit>& edits) {
    auto kept = std::find_if(members.begin(), members.end(),
                             [](const Member& member) { return !member.removed; });
    if (kept != members.begin() && !members.empty()) {
        auto begin = members.front().begin;
        auto end = kept == members.end() ? members.back().end : kept->begin;
        edits.push_back({{begin, end - begin}, ""});
    }
    if (kept == members.end())
        return;
    for (auto member = kept + 1; member < members.end(); ++member)
        if (member->removed) {
            auto begin = (member - 1)->end;
            edits.push_back({{begin, member->end - begin}, ""});
        }
}

}  // namespace

Result<std::vector<FieldChange>> parse_field_changes(std::string_view object) {
    auto json = nlohmann::ordered_json::parse(object, nullptr, false);
    if (!json.is_object())
        return fail(Code::invalid_request, "expected a JSON object of fields");
    std::vector<FieldChange> out;
    for (const auto& [name, value] : json.items()) {
        if (std::find(fixed.begin(), fixed.end(), name) != fixed.end())
            return fail(Code::invalid_request, "the field '" + name + "' is the caller's alone");
        out.push_back({name, value.is_null() ? std::string() : value.dump()});
    }
    return out;
}

std::vector<Edit> field_edits(std::string_view body, std::span<const FieldChange> changes) {
    std::vector<Edit> edits;
    if (changes.empty() || body.empty())
        return edits;
    auto members = members_of(body);
    std::string added;
    for (const auto& change : changes) {
        bool found = false;
        for (auto& member : members) {
            if (member.key != change.name)
                continue;
            found = true;
            member.removed = change.json.empty();
            if (!member.removed)
                edits.push_back({{member.value, member.end - member.value}, change.json});
        }
        if (!found && !change.json.empty())
            added.append(json_quoted(change.name)).append(":").append(change.json).append(",");
    }
    append_removals(members, edits);
    if (!added.empty())
        edits.push_back({{body.find('{') + 1, 0}, std::move(added)});
    return merged(std::move(edits), {});
}

namespace {

/// White space between tokens means nothing; in strings it does.
void append_dense(std::string& out, std::string_view json) {
    std::size_t at = 0;
    while (at < json.size()) {
        if (json[at] == '"') {
            auto end = end_of_value(json, at);
            out.append(json.substr(at, end - at));
            at = end;
        } else {
            if (spaces.find(json[at]) == std::string_view::npos)
                out.push_back(json[at]);
            ++at;
        }
    }
}

}  // namespace

std::string normal_form(std::string_view body, std::span<const std::string_view> left_out) {
    if (body.empty())
        return {};
    auto members = members_of(body);
    std::erase_if(members, [&](const Member& member) {
        return std::find(left_out.begin(), left_out.end(), member.key) != left_out.end();
    });
    std::stable_sort(members.begin(), members.end(),
                     [](const Member& a, const Member& b) { return a.key < b.key; });
    std::string out;
    out.reserve(body.size());
    for (const auto& member : members) {
        out.append("\"").append(member.key).append("\":");
        append_dense(out, body.substr(member.value, member.end - member.value));
        out.push_back(',');
    }
    return out;
}

std::string_view field_text(std::string_view body, std::string_view name) {
    if (!body.empty())
        for (const auto& member : members_of(body))
            if (member.key == name)
                return body.substr(member.value, member.end - member.value);
    return {};
}

std::string edited(std::string_view body, const std::vector<Edit>& edits) {
    std::string out;
    std::size_t at = 0;
    for (const auto& edit : edits) {
        out.append(body.substr(at, edit.span.at - at)).append(edit.text);
        at = edit.span.at + edit.span.length;
    }
    return out.append(body.substr(at));
}

std::vector<Edit> merged(std::vector<Edit> edits, std::vector<Edit> more) {
    std::move(more.begin(), more.end(), std::back_inserter(edits));
    std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
        // What is only put in goes before what stands there.
        return a.span.at != b.span.at ? a.span.at < b.span.at : a.span.length < b.span.length;
    });
    return edits;
}

std::optional<EffortName> effort_in(std::string_view model) noexcept {
    constexpr std::array<std::string_view, 5> efforts{"minimal", "low", "medium", "high", "none"};
    auto dash = model.rfind('-');
    if (dash == std::string_view::npos || dash == 0)
        return std::nullopt;
    auto word = model.substr(dash + 1);
    if (std::find(efforts.begin(), efforts.end(), word) == efforts.end())
        return std::nullopt;
    return EffortName{model.substr(0, dash), word};
}

}  // namespace obliv::llm
