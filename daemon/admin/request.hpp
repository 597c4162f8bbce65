#pragma once

#include "core/api/body.hpp"
#include "core/api/operation.hpp"
#include "core/base/result.hpp"
#include "core/storage/page.hpp"
#include "daemon/gate/token_table.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::admin {

class Host;

/// Who asks.
struct Caller {
    bool local = false;  ///< by the Unix socket, as root or as the daemon's own user
    std::shared_ptr<const gate::TokenEntry> token;  ///< of the credential, if a valid one was given

    bool known() const noexcept { return local || token != nullptr; }
    bool admin() const noexcept {
        return local || (token && token->token.role == storage::TokenRole::admin);
    }
};

/// A request as it came, copied off its connection.
struct Incoming {
    std::string method;
    std::string path;   ///< still percent-encoded
    std::string query;  ///< the same, without the question mark
    std::string body;
    std::string request_id;
    Caller caller;
};

/// A request that was found to belong to an operation.
class Request {
public:
    using Values = std::vector<std::pair<std::string, std::string>>;

    Request(const Incoming& incoming, const api::Operation& operation, Values params);

    /// Checks the query against what the operation takes: `invalid_request` names a parameter that
    /// is unknown, doubled or broken.
    Result<void> read_query();

    const Caller& caller() const noexcept { return incoming_.caller; }
    const std::string& request_id() const noexcept { return incoming_.request_id; }
    /// The value of a `{parameter}` of the path, decoded.
    const std::string& param(std::string_view name) const;
    /// Of the query; nothing if it is absent or empty.
    std::optional<std::string> query(std::string_view name) const;
    /// The body, by the schema that the operation names.
    Result<api::Body> body() const;

    /// `limit` alone: how many rows a page has.
    Result<int> limit() const;
    /// `cursor` alone, of a list that is sorted by a text; empty: none was given.
    Result<std::string> text_cursor(std::string_view list) const;
    /// `limit` and `cursor` of a list named `list`.
    Result<storage::PageRequest> page(std::string_view list, bool descending = false) const;

private:
    const Incoming& incoming_;
    const api::Operation& operation_;
    Values params_;
    Values query_;
};

struct Reply {
    int status = 200;
    std::string body{};  ///< JSON; empty: none
    std::vector<std::pair<std::string, std::string>> headers{};
};

/// Answers one call. Runs on a worker thread and may block.
using Handler = Result<Reply> (*)(const Request& request, Host& host);

}  // namespace obliv::admin
