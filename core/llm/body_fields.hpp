#pragma once

#include "core/llm/chat_call.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::llm {

/// What is to become of one field of a request body.
struct FieldChange {
    std::string name;
    std::string json;  ///< its value; empty: the field is taken out
};

/// Reads `{"temperature":0,"user":null}`, in which null takes a field out. `invalid_request`: no
/// object, or a field that decides who is asked, what it costs or how it is answered.
Result<std::vector<FieldChange>> parse_field_changes(std::string_view object);

/// The replacements in a body, which is a JSON object with a field at least, that make the changes.
/// None touches what upstream_edits() touches.
std::vector<Edit> field_edits(std::string_view body, std::span<const FieldChange> changes);

/// The body, which is valid JSON, without white space, its outermost fields in the order of their
/// names and without those named: the same for requests that ask the same. What stands twice stays
/// twice.
std::string normal_form(std::string_view body, std::span<const std::string_view> left_out);

/// The value of an outermost field as it stands in the body; empty: it has none of this name.
std::string_view field_text(std::string_view body, std::string_view name);

/// `body` with the edits made.
std::string edited(std::string_view body, const std::vector<Edit>& edits);

/// Both lists, in the order of their offsets.
std::vector<Edit> merged(std::vector<Edit> edits, std::vector<Edit> more);

/// The reasoning effort that a name such as `o3-mini-high` asks for, and the name without it;
/// nothing: it asks for none.
struct EffortName {
    std::string_view model;
    std::string_view effort;
};
std::optional<EffortName> effort_in(std::string_view model) noexcept;

}  // namespace obliv::llm
