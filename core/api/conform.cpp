#include "core/api/conform.hpp"

#include "core/api/values.hpp"
#include "core/base/money.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::api {
namespace {

using Json = nlohmann::ordered_json;
using std::string;
using std::string_view;

constexpr std::size_t items_max = 1000;
constexpr std::size_t text_max = 256;
constexpr std::size_t model_max = 128;
constexpr std::size_t secret_max = 8192;
constexpr std::size_t pairs_max = 100;
constexpr std::size_t pair_text_max = 4096;
constexpr std::size_t free_max = 65'536;

Error at(const string& path, Error error) {
    if (error.param.empty()) {
        error.param = path;
        error.message = path + ": " + error.message;
    }
    return error;
}

Error wrong(string_view expected, const Json& got) {
    string kind = got.is_number_float() ? "a number with decimals, or a very large one"
                  : got.is_number()     ? "a number"
                  : got.is_string()     ? "a text"
                  : got.is_boolean()    ? "a boolean"
                  : got.is_array()      ? "a list"
                  : got.is_object()     ? "an object"
                                        : "null";
    return fail(Code::invalid_request, "expected " + string(expected) + ", got " + kind);
}

/// The text, if it is one of 1 to `bytes_max` bytes (0 to, if it may be empty) without controls.
Result<string_view> plain_text(const Json& value, std::size_t bytes_max, bool may_be_empty) {
    if (!value.is_string())
        return wrong("a text", value);
    const auto& text = value.get_ref<const string&>();
    if (text.size() > bytes_max)
        return fail(Code::invalid_request, "expected at most " + std::to_string(bytes_max) +
                                               " bytes, got " + std::to_string(text.size()));
    if (text.empty() && !may_be_empty)
        return fail(Code::invalid_request, "expected a text, got an empty one");
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; }))
        return fail(Code::invalid_request, "a text must not contain control bytes");
    return string_view(text);
}

/// Text of several lines: LF and TAB are allowed.
Result<void> check_lines(const Json& value, std::size_t bytes_max) {
    if (!value.is_string())
        return wrong("a text", value);
    const auto& text = value.get_ref<const string&>();
    if (text.empty() || text.size() > bytes_max)
        return fail(Code::invalid_request, "expected a text of 1 to " + std::to_string(bytes_max) +
                                               " bytes, got " + std::to_string(text.size()));
    auto control = [](char c) {
        return (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t' && c != '\r') ||
               c == '\x7F';
    };
    if (std::any_of(text.begin(), text.end(), control))
        return fail(Code::invalid_request, "a text must not contain control bytes");
    return ok();
}

template <typename Parsed>
Result<void> outcome(const Result<Parsed>& parsed) {
    return parsed ? ok() : Result<void>(parsed.error());
}

Result<void> check_model(const Json& value) {
    auto text = plain_text(value, model_max, false);
    if (text && text->find(' ') != string_view::npos)
        return fail(Code::invalid_request, "the name of a model has no spaces");
    return outcome(text);
}

/// Printable ASCII without spaces: anything else cannot go into a header. A key that is a JSON
/// object, as of a service account, may have spaces.
Result<void> check_secret(const Json& value) {
    auto text = plain_text(value, secret_max, false);
    char first = text && text->starts_with('{') ? ' ' : '!';
    if (text &&
        std::any_of(text->begin(), text->end(), [first](char c) { return c < first || c > '~'; }))
        return fail(Code::invalid_request, "a key has no spaces and only ASCII characters");
    return outcome(text);
}

Result<void> check_money(const Json& value, bool may_be_negative) {
    if (!value.is_string())
        return wrong("an amount of USD as a text such as \"5.00\"", value);
    auto amount = Money::parse(value.get_ref<const string&>());
    if (amount && !may_be_negative && *amount < Money{})
        return fail(Code::invalid_request, "expected an amount that is not negative, got " +
                                               visible(value.get_ref<const string&>()));
    return outcome(amount);
}

Result<void> check_integer(const Json& value, const Field& field) {
    auto range =
        "a whole number from " + std::to_string(field.low) + " to " + std::to_string(field.high);
    if (!value.is_number_integer())
        return wrong(range, value);
    bool huge = value.is_number_unsigned() &&
                value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    if (huge || value.get<std::int64_t>() < field.low || value.get<std::int64_t>() > field.high)
        return fail(Code::invalid_request, "expected " + range + ", got " + value.dump());
    return ok();
}

Result<void> check_choice(const Json& value, string_view choices) {
    auto known = split(choices, '|');
    string listed(choices);
    std::replace(listed.begin(), listed.end(), '|', ' ');
    if (!value.is_string())
        return wrong("one of " + listed, value);
    const auto& text = value.get_ref<const string&>();
    if (std::find(known.begin(), known.end(), text) != known.end())
        return ok();
    return fail(Code::invalid_request,
                "expected one of " + listed + ", got '" + visible(text.substr(0, 80)) + "'");
}

Result<void> check_id(const Json& value) {
    auto text = plain_text(value, 20, false);
    if (text &&
        !std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; }))
        return fail(Code::invalid_request, "expected an id, which is a text of digits");
    return outcome(text);
}

template <typename CheckItem>
Result<void> check_items(const Json& value, const Field& field, const string& path,
                         CheckItem&& check_item) {
    if (!value.is_array())
        return wrong("a list", value);
    if (value.size() > items_max || value.size() < static_cast<std::size_t>(field.low))
        return fail(Code::invalid_request, "expected a list of " + std::to_string(field.low) +
                                               " to " + std::to_string(items_max) + ", got " +
                                               std::to_string(value.size()));
    for (std::size_t i = 0; i < value.size(); ++i) {
        auto here = path + "[" + std::to_string(i) + "]";
        if (auto good = check_item(value[i], here); !good)
            return at(here, good.error());
    }
    return ok();
}

Result<void> check_aliases(const Json& value, const string& path) {
    if (!value.is_object())
        return wrong("an object of model names", value);
    if (value.size() > items_max)
        return fail(Code::invalid_request, "expected at most 1000 aliases");
    for (const auto& [name, target] : value.items()) {
        auto here = path + "." + visible(name.substr(0, 80));
        if (auto good = check_model(Json(name)); !good)
            return at(here, good.error());
        if (auto good = check_model(target); !good)
            return at(here, good.error());
    }
    return ok();
}

Result<void> check_pairs(const Json& value, const string& path) {
    if (!value.is_object())
        return wrong("an object of texts", value);
    if (value.size() > pairs_max)
        return fail(Code::invalid_request, "expected at most 100 pairs");
    for (const auto& [name, text] : value.items()) {
        auto here = path + "." + visible(name.substr(0, 80));
        if (auto good = outcome(plain_text(Json(name), text_max, false)); !good)
            return at(here, good.error());
        if (auto good = outcome(plain_text(text, pair_text_max, true)); !good)
            return at(here, good.error());
    }
    return ok();
}

Result<void> check_free(const Json& value, const Field& field) {
    if (!value.is_object())
        return wrong("a JSON object", value);
    auto limit = field.high == 0 ? free_max : static_cast<std::size_t>(field.high);
    return value.dump().size() <= limit
               ? ok()
               : Result<void>(
                     fail(Code::invalid_request,
                          "expected at most " + std::to_string(limit / 1024) + " KiB of JSON"));
}

Result<void> check_content(const Json& value, const Field& field) {
    if (!value.is_string())
        return wrong("a text", value);
    auto bytes = value.get_ref<const string&>().size();
    return bytes <= static_cast<std::size_t>(field.high)
               ? ok()
               : Result<void>(
                     fail(Code::invalid_request, "expected at most " + std::to_string(field.high) +
                                                     " bytes, got " + std::to_string(bytes)));
}

Result<void> check_list(const Json& value, const Field& field, const string& path) {
    auto text_item = [&](const Json& item, const string&) {
        auto limit = field.high == 0 ? text_max : static_cast<std::size_t>(field.high);
        return outcome(plain_text(item, limit, false));
    };
    auto name_item = [](const Json& item, const string&) {
        auto text = plain_text(item, text_max, true);
        return text ? check_name(*text) : Result<void>(text.error());
    };
    auto secret_item = [](const Json& item, const string&) { return check_secret(item); };
    auto object_item = [&](const Json& item, const string& here) {
        return check_object(item, schema(field.of), here);
    };
    switch (field.type) {
    case Type::names: {
        auto filled = field;
        filled.low = 1;
        return check_items(value, filled, path, name_item);
    }
    case Type::secrets:
        return check_items(value, field, path, secret_item);
    case Type::objects:
        return check_items(value, field, path, object_item);
    default:
        return check_items(value, field, path, text_item);
    }
}

Result<void> check_text(const Json& value, const Field& field) {
    auto limit = field.high == 0 ? text_max : static_cast<std::size_t>(field.high);
    if (field.type == Type::url)
        limit = 2048;
    auto text = plain_text(value, limit, field.type == Type::text);
    if (!text)
        return text.error();
    switch (field.type) {
    case Type::name:
        return check_name(*text);
    case Type::url:
        return check_url(*text);
    case Type::time:
        return outcome(parse_rfc3339(*text));
    default:
        return ok();
    }
}

Result<void> check_value(const Json& value, const Field& field, const string& path) {
    switch (field.type) {
    case Type::text:
    case Type::name:
    case Type::reference:
    case Type::url:
    case Type::time:
        return check_text(value, field);
    case Type::lines:
        return check_lines(value, static_cast<std::size_t>(field.high));
    case Type::model:
        return check_model(value);
    case Type::id:
        return check_id(value);
    case Type::money:
    case Type::amount:
        return check_money(value, field.type == Type::amount);
    case Type::choice:
        return check_choice(value, field.of);
    case Type::integer:
        return check_integer(value, field);
    case Type::number:
        return value.is_number() ? ok() : Result<void>(wrong("a number", value));
    case Type::boolean:
        return value.is_boolean() ? ok() : Result<void>(wrong("true or false", value));
    case Type::aliases:
        return check_aliases(value, path);
    case Type::pairs:
        return check_pairs(value, path);
    case Type::free:
        return check_free(value, field);
    case Type::content:
        return check_content(value, field);
    case Type::object:
        return check_object(value, schema(field.of), path);
    default:
        return check_list(value, field, path);
    }
}

Error unknown_field(const string& name, const Schema& schema, const string& path) {
    std::vector<string_view> known;
    for (const auto& field : schema.fields)
        known.push_back(field.name);
    auto shown = visible(name.substr(0, 80));
    auto error = fail(Code::invalid_request, "unknown field '" + path + shown + "'");
    if (auto meant = did_you_mean(name.substr(0, 80), known))
        error.message += "; did you mean '" + string(*meant) + "'?";
    error.param = path + shown;
    return error;
}

Result<void> check_field(const Json& object, const Field& field, const string& path) {
    auto found = object.find(string(field.name));
    if (found == object.end())
        return may_be_absent(field.presence)
                   ? ok()
                   : Result<void>(fail(Code::invalid_request, "this field is required"));
    if (found->is_null() && may_be_null(field.presence))
        return ok();
    return check_value(*found, field, path);
}

}  // namespace

Result<void> check_object(const Json& value, const Schema& schema, const string& path) {
    auto prefix = path.empty() ? string() : path + ".";
    if (!value.is_object())
        return wrong("a JSON object", value);
    for (const auto& [name, ignored] : value.items())
        if (std::none_of(schema.fields.begin(), schema.fields.end(),
                         [&name = name](const Field& field) { return field.name == name; }))
            return unknown_field(name, schema, prefix);
    for (const auto& field : schema.fields) {
        auto here = prefix + string(field.name);
        if (auto good = check_field(value, field, here); !good)
            return at(here, good.error());
    }
    return ok();
}

}  // namespace obliv::api
