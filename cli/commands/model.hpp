#pragma once

#include "cli/commands/invocation.hpp"

#include <string>
#include <vector>

namespace obliv::cli {

/// The ids that a server offers in the OpenAI form, in its order.
Result<std::vector<std::string>> offered_models(client::Client& client);

/// The model to talk to: `asked`, else the one of the settings, else the only one that is offered.
/// `usage` when that is not clear.
Result<std::string> chosen_model(Invocation& run, client::Client& client);

}  // namespace obliv::cli
