#pragma once

#include "core/base/result.hpp"
#include "core/llm/usage.hpp"
#include "core/storage/objects.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::relay {

/// What a call wants of files or batches, by its path and method.
struct ObjectCall {
    enum class Action : std::uint8_t { create, list, get, content, remove, cancel };
    storage::ObjectKind kind = storage::ObjectKind::file;
    std::optional<Action> action;  ///< nothing: the path does not take this method
    std::string id;
};

/// Nothing: the path is none of files or batches.
std::optional<ObjectCall> object_call(std::string_view method, std::string_view path);

/// The methods that a path of theirs takes, as http::allow_value() takes them; empty: it is none of
/// them.
std::string object_methods(std::string_view path);

/// A provider's JSON of an object, as far as we need it.
struct ObjectFacts {
    std::string id;
    std::string purpose;
    std::string model;                 ///< of a batch, where it tells
    std::vector<std::string> results;  ///< ids of files that a batch has made
    bool ended = false;                ///< a batch that will not go on
    std::optional<llm::Usage> usage;
};
/// upstream_failed: it is no object with an id.
Result<ObjectFacts> read_object(std::string_view json);

/// The id of the file that a new batch reads. invalid_request: it names none.
Result<std::string> input_file_of(std::string_view body);

/// A list as OpenAI's API gives it. `purpose`: only those; empty: all.
std::string object_list(const std::vector<storage::StoredObject>& rows, std::string_view purpose,
                        bool more);

}  // namespace obliv::relay
