#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace obliv::api {

/// What the value of a field can be. Requests are checked against it, replies are described by it.
enum class Type : std::uint8_t {
    text,       ///< UTF-8 without control bytes, at most `high` bytes (256 if that is 0)
    lines,      ///< as text, of several lines, at most `high` bytes, not empty
    content,    ///< any UTF-8 text, empty too, at most `high` bytes
    name,       ///< [A-Za-z0-9._-]{1,64}, not digits only: those would be taken for an id
    model,      ///< the name of a model: 1 to 128 bytes, no spaces
    reference,  ///< an id or a name
    id,         ///< a string of digits
    url,        ///< http or https, without user, query or fragment
    money,      ///< a decimal string in USD, not negative
    amount,     ///< a decimal string in USD
    time,       ///< RFC 3339
    choice,     ///< one of `of`, which are separated by `|`
    integer,    ///< from `low` to `high`
    number,     ///< with decimals: replies only
    boolean,
    texts,    ///< a list of texts
    names,    ///< a list of names, not empty
    models,   ///< a list of model patterns; at least `low`
    secrets,  ///< a list of keys; requests only
    aliases,  ///< an object of model names by model names
    pairs,    ///< an object of texts by texts
    free,     ///< an object of anything, at most `high` bytes (64 KiB if that is 0)
    object,   ///< an object of the schema named `of`
    objects,  ///< a list of those
};

enum class Presence : std::uint8_t {
    must,          ///< always there, never null
    must_or_null,  ///< always there
    may,           ///< may be left out, never null
    may_or_null,   ///< may be left out, and null clears it
};

struct Field {
    std::string_view name;
    Type type = Type::text;
    Presence presence = Presence::must;
    std::string_view about;  ///< one line for people: meaning and unit
    std::string_view of{};
    std::int64_t low = 0;
    std::int64_t high = 0;
};

struct Schema {
    std::string_view name;
    std::span<const Field> fields;
};

/// Every schema, requests first; names are unique.
std::span<const Schema> all_schemas() noexcept;
/// The schema of this name. There must be one.
const Schema& schema(std::string_view name) noexcept;

inline bool may_be_absent(Presence presence) noexcept {
    return presence == Presence::may || presence == Presence::may_or_null;
}
inline bool may_be_null(Presence presence) noexcept {
    return presence == Presence::must_or_null || presence == Presence::may_or_null;
}

}  // namespace obliv::api
