#include "core/wire/json_path.hpp"

#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

constexpr std::size_t steps_max = 16;
constexpr std::int64_t index_max = 63;

}  // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text) {
    JsonPath path;
    for (auto name : split(text, '.')) {
        if (name.empty() || path.steps_.size() == steps_max)
            return std::nullopt;
        Step step{std::string(name), std::nullopt};
        if (auto index = parse_int(name)) {
            if (*index < 0 || *index > index_max)
                return std::nullopt;
            step.index = static_cast<std::size_t>(*index);
        }
        path.steps_.push_back(std::move(step));
    }
    return path;
}

const Json* JsonPath::into(const Json& value, const Step& step) {
    if (value.is_array())
        return step.index && *step.index < value.size() ? &value[*step.index] : nullptr;
    if (!value.is_object())
        return nullptr;
    auto found = value.find(step.name);
    return found == value.end() ? nullptr : &*found;
}

const Json* JsonPath::find(const Json& value) const {
    const auto* at = &value;
    for (const auto& step : steps_)
        if ((at = into(*at, step)) == nullptr)
            return nullptr;
    return at->is_null() ? nullptr : at;
}

std::optional<Json> JsonPath::take(Json& value) const {
    if (find(value) == nullptr)
        return std::nullopt;
    auto* at = &value;
    for (std::size_t i = 0; i + 1 < steps_.size(); ++i)
        at = at->is_array() ? &(*at)[*steps_[i].index] : &(*at)[steps_[i].name];
    const auto& last = steps_.back();
    if (at->is_array()) {
        // The others keep their places.
        return std::exchange((*at)[*last.index], Json());
    }
    auto taken = std::move((*at)[last.name]);
    at->erase(last.name);
    return taken;
}

void JsonPath::put(Json& value, Json what) const {
    auto* at = &value;
    for (const auto& step : steps_) {
        if (step.index) {
            if (!at->is_array())
                *at = Json::array();
            while (at->size() <= *step.index)
                at->push_back(nullptr);
            at = &(*at)[*step.index];
        } else {
            if (!at->is_object())
                *at = Json::object();
            at = &(*at)[step.name];
        }
    }
    *at = std::move(what);
}

std::string JsonPath::text() const {
    std::string out;
    for (const auto& step : steps_)
        out += (out.empty() ? "" : ".") + step.name;
    return out;
}

}  // namespace obliv::wire
