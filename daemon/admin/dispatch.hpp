#pragma once

#include "daemon/admin/request.hpp"

namespace obliv::admin {

class Host;

/// Whether a path is the management API's. What is not belongs to somebody else.
bool owns(std::string_view path) noexcept;

/// The answer to one request: path → handler, permission, query, handler, and the shape of errors.
/// Runs on a worker thread and may block. An answer of 4xx changed nothing.
Reply dispatch(const Incoming& incoming, Host& host);

/// An error in the shape of the management API, with `Retry-After` when waiting helps.
Reply error_reply(const Error& error, std::string_view request_id);

}  // namespace obliv::admin
