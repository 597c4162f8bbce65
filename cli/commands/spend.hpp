#pragma once

#include "cli/chat/completion.hpp"
#include "cli/commands/invocation.hpp"

#include <string>

namespace obliv::cli {

/// What an oblivd charged for a call, as a decimal in USD; null when it does not say.
Json cost_of_call(Invocation& run, const std::string& request_id);

/// `12 in (3 cached), 40 out (10 reasoning) tokens, 0.0012 USD`.
std::string spend_text(const Reply& reply, const Json& cost);

}  // namespace obliv::cli
