#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_request.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// Objects keep the order of their members: it means something in a schema, and a provider's prompt
/// cache compares bytes.
using Json = nlohmann::ordered_json;

/// Parses what came from outside. invalid_request: not JSON, not UTF-8, nested more than
/// limits::json_depth levels deep, or objects with so many members that finding one by its name
/// would take seconds. Numbers that no double can hold are refused too.
Result<Json> parse_json(std::string_view text);

/// The same for text that was a JSON value when it came in; null should it be none any more.
Json embedded(const llm::JsonText& text);

/// Compact; never fails: what is not UTF-8 becomes U+FFFD.
std::string json_text(const Json& value);

/// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void append_quoted(std::string& out, std::string_view text);

/// The member `name` of `value`; null if `value` is no object, has none or it is null.
const Json* member(const Json& value, std::string_view name);

// For replies: whatever has another type than expected counts as absent.
std::string string_in(const Json& value, std::string_view name);
std::optional<std::int64_t> int_in(const Json& value, std::string_view name);
bool true_in(const Json& value, std::string_view name);

}  // namespace obliv::wire
