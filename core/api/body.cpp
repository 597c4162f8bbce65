#include "core/api/body.hpp"

#include "core/api/conform.hpp"
#include "core/api/json_check.hpp"
#include "core/base/check.hpp"
#include "core/base/time_format.hpp"

#include <nlohmann/json.hpp>

namespace obliv::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t depth_max = 16;

Result<Json> parse_object(std::string_view text, const Schema& schema) {
    if (text.empty())
        text = "{}";
    if (auto good = check_json(text, depth_max); !good)
        return good.error();
    auto value = Json::parse(text.begin(), text.end(), nullptr, false);
    if (auto good = check_object(value, schema, ""); !good)
        return good.error();
    return value;
}

/// The value of what was checked when the body was parsed.
template <typename Value>
Value checked(Result<Value> value) {
    check(value.has_value(), "a field of a parsed body has the form of its schema");
    return *std::move(value);
}

}  // namespace

Result<Body> Body::parse(std::string_view text, const Schema& schema) {
    auto object = parse_object(text, schema);
    if (!object)
        return object.error();
    return Body(std::make_unique<Json>(*std::move(object)));
}

Body::Body(std::unique_ptr<Json> object) : object_(std::move(object)) {}
Body::Body(Body&&) noexcept = default;
Body& Body::operator=(Body&&) noexcept = default;
Body::~Body() = default;

const Json& Body::at(std::string_view field) const {
    auto found = object_->find(std::string(field));
    check(found != object_->end(), "a field is read after has() said that it is there");
    return *found;
}

bool Body::has(std::string_view field) const {
    return object_->contains(std::string(field));
}

bool Body::clear(std::string_view field) const {
    return has(field) && at(field).is_null();
}

std::string Body::text(std::string_view field) const {
    return at(field).get<std::string>();
}

std::int64_t Body::integer(std::string_view field) const {
    return at(field).get<std::int64_t>();
}

bool Body::boolean(std::string_view field) const {
    return at(field).get<bool>();
}

Money Body::money(std::string_view field) const {
    return checked(Money::parse(text(field)));
}

WallTime Body::time(std::string_view field) const {
    return checked(parse_rfc3339(text(field)));
}

std::vector<std::string> Body::texts(std::string_view field) const {
    return at(field).get<std::vector<std::string>>();
}

std::vector<Secret> Body::secrets(std::string_view field) const {
    std::vector<Secret> out;
    for (auto& text : texts(field))
        out.emplace_back(std::move(text));
    return out;
}

std::map<std::string, std::string> Body::pairs(std::string_view field) const {
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : at(field).items())
        out.emplace(name, value.get<std::string>());
    return out;
}

std::string Body::json(std::string_view field) const {
    return at(field).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<Body> Body::objects(std::string_view field) const {
    std::vector<Body> out;
    for (const auto& item : at(field))
        out.push_back(Body(std::make_unique<Json>(item)));
    return out;
}

Body Body::object(std::string_view field) const {
    return Body(std::make_unique<Json>(at(field)));
}

Result<void> conforms(std::string_view text, const Schema& schema) {
    auto object = parse_object(text, schema);
    return object ? ok() : Result<void>(object.error());
}

}  // namespace obliv::api
