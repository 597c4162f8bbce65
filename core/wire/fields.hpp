#pragma once

#include "core/base/error.hpp"
#include "core/llm/chat_request.hpp"
#include "core/wire/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// The first thing that is wrong with a request. Readers go on with defaults once it is set, so
/// that it is asked for once, at the end.
class Complaint {
public:
    /// `'messages[2].role' must be a string`; later ones are not kept.
    void expected(std::string_view path, std::string_view what);
    void say(Error error);
    const std::optional<Error>& first() const noexcept { return first_; }
    explicit operator bool() const noexcept { return first_.has_value(); }

private:
    std::optional<Error> first_;
};

/// Reads the members of one object of a request, and knows which nobody has read. A member that is
/// absent or null leaves the target as it is; one of the wrong type is complained of. Refers to the
/// object and to the complaint.
class Fields {
public:
    /// `path` is where the object stands: empty for the body, else `messages[2]`. Complains if
    /// `object` is none.
    Fields(const Json& object, std::string path, Complaint& complaint);

    void read(std::string_view name, std::string& out);
    void read(std::string_view name, bool& out);
    void read(std::string_view name, std::optional<bool>& out);
    void read(std::string_view name, std::optional<double>& out);
    void read(std::string_view name, std::optional<std::int64_t>& out);  ///< a whole number
    /// Any value, kept as text.
    void read_json(std::string_view name, llm::JsonText& out);
    /// An array of strings, or one string.
    void read_strings(std::string_view name, std::vector<std::string>& out);

    // Counted as read; null if absent, null, or of another type, which is complained of.
    const Json* take(std::string_view name);
    const Json* take_object(std::string_view name);
    const Json* take_array(std::string_view name);
    const Json* take_string(std::string_view name);

    bool has(std::string_view name) const;  ///< and it is not null
    /// The member has to be there: complains if not.
    void require(std::string_view name, std::string_view what);
    /// What nobody has read, nulls left out.
    void rest(std::vector<llm::Extra>& out) const;
    /// The same as one object, empty text if nothing is left: for a part of a message.
    llm::JsonText rest_text() const;

    std::string path_of(std::string_view name) const;
    Complaint& complaint() const noexcept { return *complaint_; }
    const Json& object() const noexcept { return *object_; }

private:
    bool seen(std::string_view name) const;

    const Json* object_;
    std::string path_;
    Complaint* complaint_;
    std::vector<std::string_view> seen_;  ///< names given by callers: literals
};

/// `path[index]`.
std::string element_path(std::string_view path, std::size_t index);

}  // namespace obliv::wire
