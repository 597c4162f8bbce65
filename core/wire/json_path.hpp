#pragma once

#include "core/wire/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// A place in a JSON value: `choices.0.message.content`. A number is an index of an array; a name
/// has no dots.
class JsonPath {
public:
    /// Nothing: empty, an empty step, more than 16 steps, or an index over 63.
    static std::optional<JsonPath> parse(std::string_view text);

    const Json* find(const Json& value) const;  ///< null: not there, or null
    /// Takes the value out of where it stands.
    std::optional<Json> take(Json& value) const;
    /// Makes objects and arrays on the way. What stands in the way is replaced.
    void put(Json& value, Json what) const;

    std::string text() const;
    bool operator==(const JsonPath&) const = default;

private:
    struct Step {
        std::string name;
        std::optional<std::size_t> index;
        bool operator==(const Step&) const = default;
    };
    static const Json* into(const Json& value, const Step& step);

    std::vector<Step> steps_;
};

}  // namespace obliv::wire
