#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

// One function for each noun or bare verb; cli/commands.cpp puts them in order.
Command account_command();
Command api_command();
Command ask_command();
Command channel_command();
Command chat_command();
Command completion_command();
Command config_command();
Command count_command();
Command doctor_command();
Command ledger_command();
Command login_command();
Command logout_command();
Command man_command();
Command model_command();
Command notice_command();
Command price_command();
Command provider_command();
Command request_command();
Command sim_command();
Command token_command();
Command usage_command();
Command version_command();
Command whoami_command();

}  // namespace obliv::cli
