#include "core/wire/gemini_schema.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

constexpr std::array counts{"maxItems",  "minItems",      "maxLength",
                            "minLength", "maxProperties", "minProperties"};
constexpr std::array types{"string", "number", "integer", "boolean", "array", "object", "null"};
/// What has one meaning in both.
constexpr std::array shared{"title",         "description",  "default",   "maximum",
                            "minimum",       "pattern",      "required",  "propertyOrdering",
                            "maxItems",      "minItems",     "maxLength", "minLength",
                            "maxProperties", "minProperties"};
/// The words of JSON Schema that `parametersJsonSchema` takes, as its reference lists them, and
/// `pattern`, which recorded calls have.
constexpr std::array understood{"$id",
                                "$defs",
                                "$ref",
                                "$anchor",
                                "type",
                                "format",
                                "title",
                                "enum",
                                "items",
                                "minItems",
                                "prefixItems",
                                "maxItems",
                                "minimum",
                                "description",
                                "maximum",
                                "anyOf",
                                "oneOf",
                                "properties",
                                "pattern",
                                "required",
                                "propertyOrdering",
                                "nullable",
                                "additionalProperties"};

/// Inlining may not multiply a small schema into a huge one.
constexpr std::size_t nodes_max = 20'000;
constexpr int depth_max = 32;

template <typename List>
bool is_in(const List& list, string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

std::string in_case(string_view text, bool capitals) {
    std::string out(text);
    for (auto& c : out)
        if (capitals ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z'))
            c = static_cast<char>(c ^ 0x20);
    return out;
}

/// `"3"` → 3: Google's 64-bit numbers are strings.
Json as_count(const Json& value) {
    if (!value.is_string())
        return value;
    auto number = parse_int(value.get<std::string>());
    return number ? Json(*number) : value;
}

Json map_members(const Json& object, Json (*change)(const Json&)) {
    auto out = Json::object();
    for (const auto& [name, child] : object.items())
        out[name] = change(child);
    return out;
}

Json map_elements(const Json& array, Json (*change)(const Json&)) {
    auto out = Json::array();
    for (const auto& element : array)
        out.push_back(change(element));
    return out;
}

Json member_from_gemini(const std::string& name, const Json& value) {
    if (name == "type" && value.is_string())
        return in_case(value.get<std::string>(), false);
    if (name == "properties" && value.is_object())
        return map_members(value, schema_from_gemini);
    if (name == "anyOf" && value.is_array())
        return map_elements(value, schema_from_gemini);
    if (name == "items")
        return schema_from_gemini(value);
    return is_in(counts, name) ? as_count(value) : value;
}

/// Turns JSON Schema into Google's dialect; notes when something has no word there.
class Translation {
public:
    explicit Translation(const Json& root) : root_(root) {}

    Json translate(const Json& schema, int depth);
    bool complete() const noexcept { return complete_; }

private:
    Json give_up() {
        complete_ = false;
        return Json::object();
    }
    const Json* resolved(const Json& schema);
    void member_to(Json& out, const std::string& name, const Json& value, int depth);
    void type_to(Json& out, const Json& value);
    void choices_to(Json& out, const Json& value, int depth);
    void enum_to(Json& out, const Json& values);
    static void format_to(Json& out, const Json& schema);

    const Json& root_;
    std::size_t nodes_ = 0;
    bool complete_ = true;
};

/// The schema that a reference to `#/$defs/…` stands for; null if there is none.
const Json* Translation::resolved(const Json& schema) {
    const auto* reference = member(schema, "$ref");
    if (reference == nullptr)
        return &schema;
    if (!reference->is_string())
        return nullptr;
    auto text = reference->get<std::string>();
    for (string_view where : {"$defs", "definitions"}) {
        auto prefix = "#/" + std::string(where) + "/";
        const auto* definitions = member(root_, where);
        if (text.starts_with(prefix) && definitions != nullptr)
            return member(*definitions, string_view(text).substr(prefix.size()));
    }
    return nullptr;
}

Json Translation::translate(const Json& schema, int depth) {
    // A recursive reference ends here too.
    if (++nodes_ > nodes_max || depth > depth_max)
        return give_up();
    if (schema.is_boolean())
        return schema.get<bool>() ? Json::object() : give_up();
    const auto* real = schema.is_object() ? resolved(schema) : nullptr;
    if (real == nullptr || !real->is_object() || (real != &schema && member(*real, "$ref")))
        return give_up();
    auto out = Json::object();
    for (const auto& [name, value] : real->items())
        member_to(out, name, value, depth);
    if (real != &schema && member(schema, "description") != nullptr)
        out["description"] = schema["description"];
    format_to(out, *real);
    if (out.contains("enum") && !out.contains("type"))
        out["type"] = "STRING";
    return out;
}

void Translation::member_to(Json& out, const std::string& name, const Json& value, int depth) {
    if (is_in(shared, name)) {
        out[name] = value;
    } else if (name == "type") {
        type_to(out, value);
    } else if (name == "properties" && value.is_object()) {
        auto properties = Json::object();
        for (const auto& [key, child] : value.items())
            properties[key] = translate(child, depth + 1);
        out[name] = std::move(properties);
    } else if (name == "items" && value.is_object()) {
        out[name] = translate(value, depth + 1);
    } else if ((name == "anyOf" || name == "oneOf") && value.is_array()) {
        choices_to(out, value, depth);
    } else if (name == "allOf" && value.is_array() && value.size() == 1) {
        out.update(translate(value[0], depth + 1));
    } else if (name == "enum" && value.is_array()) {
        enum_to(out, value);
    } else if (name == "const") {
        enum_to(out, Json::array({value}));
    } else if (name == "nullable" && value.is_boolean()) {
        out[name] = value;
    } else if (name == "additionalProperties") {
        complete_ = complete_ && value.is_boolean();
    } else if (name == "prefixItems" || name == "patternProperties" || name == "allOf") {
        complete_ = false;
    }
}

void Translation::type_to(Json& out, const Json& value) {
    auto names = value.is_array() ? value : Json::array({value});
    std::vector<std::string> left;
    for (const auto& name : names) {
        auto type = name.is_string() ? in_case(name.get<std::string>(), false) : std::string();
        if (!is_in(types, type))
            complete_ = false;
        else if (type == "null" && names.size() > 1)
            out["nullable"] = true;
        else
            left.push_back(in_case(type, true));
    }
    if (left.size() == 1)
        out["type"] = left[0];
    else
        complete_ = false;
}

void Translation::choices_to(Json& out, const Json& value, int depth) {
    auto choices = Json::array();
    for (const auto& choice : value) {
        const auto* type = member(choice, "type");
        if (type != nullptr && *type == "null")
            out["nullable"] = true;
        else
            choices.push_back(translate(choice, depth + 1));
    }
    // `anyOf: [X, null]` is how many generators say that X is optional.
    if (choices.size() != 1) {
        out["anyOf"] = std::move(choices);
        return;
    }
    for (const auto& [name, part] : choices[0].items())
        if (!out.contains(name))
            out[name] = part;
}

void Translation::enum_to(Json& out, const Json& values) {
    auto list = Json::array();
    for (const auto& value : values) {
        if (value.is_null())
            out["nullable"] = true;
        else if (value.is_string())
            list.push_back(value);
        else
            complete_ = false;  // only texts can be listed
    }
    if (!list.empty())
        out["enum"] = std::move(list);
}

void Translation::format_to(Json& out, const Json& schema) {
    constexpr std::array known{"enum", "date-time", "float", "double", "int32", "int64"};
    auto format = string_in(schema, "format");
    if (format.empty())
        return;
    if (is_in(known, format)) {
        out["format"] = format;
        return;
    }
    auto description = string_in(out, "description");
    out["description"] =
        description + (description.empty() ? "" : " ") + "(format: " + format + ")";
}

/// Older generators keep their definitions under another name.
std::string modern_reference(std::string reference) {
    constexpr string_view old = "#/definitions/";
    return reference.starts_with(old) ? "#/$defs/" + reference.substr(old.size()) : reference;
}

/// JSON Schema less the words that Google does not understand, at every level.
Json reduced(const Json& schema) {
    if (!schema.is_object())
        return schema;
    auto out = Json::object();
    for (const auto& [name, value] : schema.items()) {
        bool named = name == "properties" || name == "$defs" || name == "definitions";
        if (name == "const")
            out["enum"] = Json::array({value});
        else if (named && value.is_object())
            out[name == "definitions" ? "$defs" : name] = map_members(value, reduced);
        else if (name == "$ref" && value.is_string())
            out[name] = modern_reference(value.get<std::string>());
        else if (!is_in(understood, name))
            continue;
        else if ((name == "anyOf" || name == "oneOf" || name == "prefixItems") && value.is_array())
            out[name] = map_elements(value, reduced);
        else if (name == "items" || name == "additionalProperties")
            out[name] = reduced(value);
        else
            out[name] = value;
    }
    return out;
}

}  // namespace

Json schema_from_gemini(const Json& schema) {
    if (!schema.is_object())
        return schema;
    auto out = Json::object();
    for (const auto& [name, value] : schema.items())
        if (name != "nullable" && name != "example")
            out[name] = member_from_gemini(name, value);
    if (const auto* example = member(schema, "example"))
        out["examples"] = Json::array({*example});
    if (!true_in(schema, "nullable"))
        return out;
    if (out.contains("type"))
        out["type"] = Json::array({out["type"], "null"});
    if (out.contains("anyOf"))
        out["anyOf"].push_back({{"type", "null"}});
    if (out.contains("enum") && out["enum"].is_array())
        out["enum"].push_back(nullptr);
    return out;
}

bool schema_to_gemini(const Json& schema, Json& out) {
    Translation translation(schema);
    out = translation.translate(schema, 0);
    if (!translation.complete())
        out = reduced(schema);
    return translation.complete();
}

}  // namespace obliv::wire
