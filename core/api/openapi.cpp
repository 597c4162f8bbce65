#include "core/api/operation.hpp"
#include "core/api/schema.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::api {
namespace {

using Json = nlohmann::ordered_json;
using std::string;
using std::string_view;

Json reference(string_view name) {
    return Json{{"$ref", "#/components/schemas/" + string(name)}};
}

Json list_of(Json items) {
    return Json{{"type", "array"}, {"items", std::move(items)}};
}

Json string_with(string_view pattern, int length_max) {
    Json out{{"type", "string"}, {"minLength", 1}, {"maxLength", length_max}};
    if (!pattern.empty())
        out["pattern"] = pattern;
    return out;
}

constexpr string_view name_pattern = "^[A-Za-z0-9._-]*[A-Za-z._-][A-Za-z0-9._-]*$";
constexpr string_view money_pattern = "^[0-9]+(\\.[0-9]{1,9})?$";
constexpr string_view amount_pattern = "^-?[0-9]+(\\.[0-9]{1,9})?$";

Json integer_of(const Field& field) {
    Json out{{"type", "integer"}, {"minimum", field.low}};
    if (field.high != INT64_MAX)
        out["maximum"] = field.high;
    return out;
}

Json choice_of(string_view choices) {
    Json out{{"type", "string"}, {"enum", Json::array()}};
    for (auto one : split(choices, '|'))
        out["enum"].push_back(one);
    return out;
}

Json list_type(const Field& field) {
    auto items = field.type == Type::names     ? string_with(name_pattern, 64)
                 : field.type == Type::secrets ? string_with("^[!-~]+$", 8192)
                 : field.type == Type::objects
                     ? reference(field.of)
                     : string_with("", field.high == 0 ? 256 : static_cast<int>(field.high));
    auto out = list_of(std::move(items));
    auto low = field.type == Type::names ? 1 : field.low;
    if (low > 0)
        out["minItems"] = low;
    if (field.type != Type::objects)
        out["maxItems"] = 1000;
    if (field.type == Type::secrets)
        out["writeOnly"] = true;
    return out;
}

Json text_type(const Field& field) {
    switch (field.type) {
    case Type::name:
        return string_with(name_pattern, 64);
    case Type::model:
        return string_with("^[^ ]+$", 128);
    case Type::id:
        return string_with("^[0-9]+$", 20);
    case Type::url:
        return Json{{"type", "string"}, {"format", "uri"}, {"maxLength", 2048}};
    case Type::money:
        return string_with(money_pattern, 21);
    case Type::amount:
        return string_with(amount_pattern, 21);
    case Type::time:
        return Json{{"type", "string"}, {"format", "date-time"}};
    case Type::choice:
        return choice_of(field.of);
    default:
        return Json{{"type", "string"}, {"maxLength", field.high == 0 ? 256 : field.high}};
    }
}

Json type_of(const Field& field) {
    switch (field.type) {
    case Type::integer:
        return integer_of(field);
    case Type::number:
        return Json{{"type", "number"}};
    case Type::boolean:
        return Json{{"type", "boolean"}};
    case Type::aliases:
        return Json{{"type", "object"}, {"additionalProperties", string_with("^[^ ]+$", 128)}};
    case Type::pairs:
        return Json{{"type", "object"}, {"additionalProperties", Json{{"type", "string"}}}};
    case Type::free:
        return Json{{"type", "object"}};
    case Type::object:
        return reference(field.of);
    case Type::texts:
    case Type::names:
    case Type::models:
    case Type::secrets:
    case Type::objects:
        return list_type(field);
    default:
        return text_type(field);
    }
}

Json field_schema(const Field& field) {
    auto type = type_of(field);
    Json out;
    if (may_be_null(field.presence)) {
        Json null{{"type", "null"}};
        Json either = Json::array();
        either.push_back(std::move(type));
        either.push_back(std::move(null));
        out["anyOf"] = std::move(either);
    } else {
        out = std::move(type);
    }
    if (!field.about.empty())
        out["description"] = field.about;
    return out;
}

Json schema_object(const Schema& schema) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const auto& field : schema.fields) {
        properties[string(field.name)] = field_schema(field);
        if (!may_be_absent(field.presence))
            required.push_back(field.name);
    }
    return Json{{"type", "object"},
                {"properties", std::move(properties)},
                {"required", std::move(required)},
                {"additionalProperties", false}};
}

Json content(Json schema) {
    return Json{{"application/json", {{"schema", std::move(schema)}}}};
}

Json page_of(string_view row) {
    Json null{{"type", "null"}};
    Json text{{"type", "string"}};
    Json next{{"anyOf", Json::array({std::move(text), std::move(null)})}};
    return Json{
        {"type", "object"},
        {"properties", {{"data", list_of(reference(row))}, {"next_cursor", std::move(next)}}},
        {"required", Json::array({"data", "next_cursor"})}};
}

Json responses(const Operation& operation) {
    Json good{{"description", operation.answer == Answer::none ? "Done." : "The answer."}};
    if (operation.answer == Answer::object && operation.reply.empty())
        good["content"] = content(Json{{"type", "object"}});
    else if (operation.answer == Answer::object)
        good["content"] = content(reference(operation.reply));
    else if (operation.answer == Answer::list)
        good["content"] = content(page_of(operation.reply));
    Json out;
    out[std::to_string(operation.status)] = std::move(good);
    out["default"] = Json{{"$ref", "#/components/responses/Error"}};
    return out;
}

/// The names in braces, in their order.
std::vector<string_view> path_parameters(string_view path) {
    std::vector<string_view> out;
    for (auto segment : split(path, '/'))
        if (segment.starts_with('{'))
            out.push_back(segment.substr(1, segment.size() - 2));
    return out;
}

Json parameters(const Operation& operation) {
    Json out = Json::array();
    auto add = [&](string_view name, string_view place) {
        Json text{{"type", "string"}};
        Json integer{{"type", "integer"}, {"minimum", 1}, {"maximum", 1000}, {"default", 50}};
        out.push_back(Json{{"name", name},
                           {"in", place},
                           {"required", place == "path"},
                           {"schema", name == "limit" ? integer : text}});
    };
    for (auto name : path_parameters(operation.path))
        add(name, "path");
    for (auto name : split(operation.query, ' '))
        if (!name.empty())
            add(name, "query");
    return out;
}

/// `get_tokens_id`: unique, because a method and a path are.
string operation_id(const Operation& operation) {
    string out;
    for (char c : operation.method)
        out += lower(c);
    auto path = operation.path;
    if (path.starts_with("/api/v1"))
        path.remove_prefix(7);
    for (auto segment : split(path, '/'))
        if (!segment.empty())
            out += "_" + string(segment);
    std::erase_if(out, [](char c) { return c == '{' || c == '}'; });
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    return out;
}

Json operation_object(const Operation& operation) {
    Json out{{"operationId", operation_id(operation)}, {"summary", operation.summary}};
    if (auto given = parameters(operation); !given.empty())
        out["parameters"] = std::move(given);
    if (!operation.request.empty())
        out["requestBody"] = Json{{"content", content(reference(operation.request))}};
    out["responses"] = responses(operation);
    if (operation.access == Access::open)
        out["security"] = Json::array();
    return out;
}

}  // namespace

string openapi_document(std::span<const Operation> operations, string_view version) {
    Json paths = Json::object();
    for (const auto& operation : operations) {
        string method;
        for (char c : operation.method)
            method += lower(c);
        paths[string(operation.path)][method] = operation_object(operation);
    }
    Json schemas = Json::object();
    for (const auto& schema : all_schemas())
        schemas[string(schema.name)] = schema_object(schema);
    Json failure{{"description", "What went wrong."}, {"content", content(reference("Error"))}};
    Json bearer{{"type", "http"}, {"scheme", "bearer"}};
    Json use = Json::array();
    use.push_back(Json{{"bearer", Json::array()}});
    Json document{
        {"openapi", "3.1.0"},
        {"info", {{"title", "Oblivious management API"}, {"version", version}}},
        {"security", std::move(use)},
        {"paths", std::move(paths)},
        {"components",
         {{"securitySchemes", {{"bearer", std::move(bearer)}}},
          {"responses", {{"Error", std::move(failure)}}},
          {"schemas", std::move(schemas)}}},
    };
    return document.dump();
}

}  // namespace obliv::api
