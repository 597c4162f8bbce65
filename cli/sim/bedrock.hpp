#pragma once

#include "core/base/clock.hpp"
#include "core/base/secret.hpp"
#include "core/http/head.hpp"
#include "core/wire/wire.hpp"

#include <memory>
#include <string_view>

namespace obliv::sim {

/// Reads a Converse request as far as a simulated reply depends on it: texts, tools, their choice
/// and the limit of output.
Result<llm::ChatRequest> read_converse(const wire::RequestSource& source);

/// Writes Converse's replies: one JSON document, or an AWS event stream.
std::unique_ptr<wire::ReplyWriter> new_converse_writer(const wire::WriteOptions& options);

/// Whether the request is signed with `key`, which is `ACCESS_KEY_ID|SECRET|REGION`.
bool is_signed_with(const Secret& key, const http::RequestHead& head, std::string_view body);

}  // namespace obliv::sim
