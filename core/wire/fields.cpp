#include "core/wire/fields.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {

void Complaint::expected(std::string_view path, std::string_view what) {
    if (first_)
        return;
    auto where = path.empty() ? std::string("the body") : "'" + std::string(path) + "'";
    first_ = fail(Code::invalid_request, where + " must be " + std::string(what));
    first_->param = std::string(path);
}

void Complaint::say(Error error) {
    if (!first_)
        first_ = std::move(error);
}

Fields::Fields(const Json& object, std::string path, Complaint& complaint)
    : object_(&object), path_(std::move(path)), complaint_(&complaint) {
    if (!object.is_object())
        complaint.expected(path_, "an object");
}

const Json* Fields::take(std::string_view name) {
    seen_.push_back(name);
    return member(*object_, name);
}

const Json* Fields::take_object(std::string_view name) {
    const auto* value = take(name);
    if (value == nullptr || value->is_object())
        return value;
    complaint_->expected(path_of(name), "an object");
    return nullptr;
}

const Json* Fields::take_array(std::string_view name) {
    const auto* value = take(name);
    if (value == nullptr || value->is_array())
        return value;
    complaint_->expected(path_of(name), "an array");
    return nullptr;
}

const Json* Fields::take_string(std::string_view name) {
    const auto* value = take(name);
    if (value == nullptr || value->is_string())
        return value;
    complaint_->expected(path_of(name), "a string");
    return nullptr;
}

void Fields::read(std::string_view name, std::string& out) {
    if (const auto* value = take_string(name))
        out = value->get<std::string>();
}

void Fields::read(std::string_view name, bool& out) {
    std::optional<bool> given;
    read(name, given);
    out = given.value_or(out);
}

void Fields::read(std::string_view name, std::optional<bool>& out) {
    const auto* value = take(name);
    if (value == nullptr)
        return;
    if (value->is_boolean())
        out = value->get<bool>();
    else
        complaint_->expected(path_of(name), "true or false");
}

void Fields::read(std::string_view name, std::optional<double>& out) {
    const auto* value = take(name);
    if (value == nullptr)
        return;
    if (value->is_number())
        out = value->get<double>();
    else
        complaint_->expected(path_of(name), "a number");
}

void Fields::read(std::string_view name, std::optional<std::int64_t>& out) {
    const auto* value = take(name);
    if (value == nullptr)
        return;
    auto number = int_in(*object_, name);
    bool whole = number && (!value->is_number_float() ||
                            static_cast<double>(*number) == value->get<double>());
    if (whole)
        out = number;
    else
        complaint_->expected(path_of(name), "a whole number");
}

void Fields::read_json(std::string_view name, llm::JsonText& out) {
    if (const auto* value = take(name))
        out = json_text(*value);
}

void Fields::read_strings(std::string_view name, std::vector<std::string>& out) {
    const auto* value = take(name);
    if (value == nullptr)
        return;
    if (value->is_string()) {
        out.push_back(value->get<std::string>());
        return;
    }
    bool texts = value->is_array() && std::all_of(value->begin(), value->end(),
                                                  [](const Json& v) { return v.is_string(); });
    if (!texts)
        return complaint_->expected(path_of(name), "a string or an array of strings");
    for (const auto& text : *value)
        out.push_back(text.get<std::string>());
}

bool Fields::has(std::string_view name) const {
    return member(*object_, name) != nullptr;
}

void Fields::require(std::string_view name, std::string_view what) {
    if (!has(name))
        complaint_->expected(path_of(name), "given: " + std::string(what));
}

bool Fields::seen(std::string_view name) const {
    return std::find(seen_.begin(), seen_.end(), name) != seen_.end();
}

void Fields::rest(std::vector<llm::Extra>& out) const {
    if (!object_->is_object())
        return;
    for (const auto& [name, value] : object_->items())
        if (!value.is_null() && !seen(name))
            out.push_back({name, json_text(value)});
}

llm::JsonText Fields::rest_text() const {
    auto left = Json::object();
    if (object_->is_object())
        for (const auto& [name, value] : object_->items())
            if (!value.is_null() && !seen(name))
                left[name] = value;
    return left.empty() ? llm::JsonText() : json_text(left);
}

std::string Fields::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

std::string element_path(std::string_view path, std::size_t index) {
    return std::string(path) + "[" + std::to_string(index) + "]";
}

}  // namespace obliv::wire
