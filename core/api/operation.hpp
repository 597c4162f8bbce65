#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace obliv::api {

enum class Access : std::uint8_t {
    open,   ///< no credential
    any,    ///< any valid credential
    admin,  ///< the local socket, or a token of role admin
};

enum class Answer : std::uint8_t {
    none,    ///< 204, no body
    object,  ///< one object of the schema
    list,    ///< `{"data":[…],"next_cursor":…}`
};

/// One call of the management API, as far as callers see it. The path has `{parameters}`, each a
/// whole segment. `query` names the parameters it takes, separated by spaces; a list with pages
/// takes `limit` and `cursor` besides.
struct Operation {
    std::string_view method;
    std::string_view path;
    Access access = Access::admin;
    std::string_view summary;
    std::string_view query{};
    std::string_view request{};  ///< schema of the body; empty: takes none
    Answer answer = Answer::object;
    std::string_view reply{};  ///< schema of the answer, or of the rows of the list
    int status = 200;
};

/// The OpenAPI 3.1 document of these operations and of every schema.
std::string openapi_document(std::span<const Operation> operations, std::string_view version);

}  // namespace obliv::api
