#pragma once

#include "core/api/schema.hpp"
#include "core/base/clock.hpp"
#include "core/base/money.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace obliv::api {

/// The body of a request that keeps its schema. What parse has accepted needs no further check of
/// form: the reads abort when asked for a field that is absent, null or of another type.
class Body {
public:
    /// An empty text is an empty object. `invalid_request` names the field in `param`: not UTF-8,
    /// not JSON (with the place), nested deeper than 16, a key twice, an unknown field (with what
    /// may have been meant), a missing one, a wrong type, a number or text out of bounds.
    static Result<Body> parse(std::string_view text, const Schema& schema);
    Body(Body&&) noexcept;
    Body& operator=(Body&&) noexcept;
    ~Body();

    bool has(std::string_view field) const;    ///< given, maybe as null
    bool clear(std::string_view field) const;  ///< given as null
    bool set(std::string_view field) const { return has(field) && !clear(field); }

    std::string text(std::string_view field) const;
    std::int64_t integer(std::string_view field) const;
    bool boolean(std::string_view field) const;
    Money money(std::string_view field) const;
    WallTime time(std::string_view field) const;
    std::vector<std::string> texts(std::string_view field) const;
    std::vector<Secret> secrets(std::string_view field) const;
    std::map<std::string, std::string> pairs(std::string_view field) const;
    std::string json(std::string_view field) const;  ///< of Type::free, as it was given
    Body object(std::string_view field) const;
    std::vector<Body> objects(std::string_view field) const;

private:
    explicit Body(std::unique_ptr<nlohmann::ordered_json> object);
    const nlohmann::ordered_json& at(std::string_view field) const;

    std::unique_ptr<nlohmann::ordered_json> object_;
};

/// Whether a JSON text is an object of this schema: for requests, and for tests of replies.
Result<void> conforms(std::string_view text, const Schema& schema);

}  // namespace obliv::api
