#include "cli/commands.hpp"

#include "cli/commands/all.hpp"
#include "cli/commands/money.hpp"

namespace obliv::cli {

Command command_table() {
    Command root{.name = "obliv", .summary = "Talk to language models and manage oblivd"};
    root.details = "Talks to the oblivd on this machine, to one elsewhere by --server, or with ask "
                   "and chat straight to any OpenAI-compatible server.";
    root.examples = {{"obliv ask 'what is a monad?'", "One question"},
                     {"obliv chat", "A conversation"},
                     {"obliv token create ci --budget 5.00", "A key for a program"}};
    root.verbs = {
        ask_command(),     chat_command(),     model_command(),      token_command(),
        channel_command(), provider_command(), price_command(),      account_command(),
        budget_command(),  redeem_command(),   usage_command(),      request_command(),
        ledger_command(),  notice_command(),   login_command(),      logout_command(),
        whoami_command(),  config_command(),   api_command(),        count_command(),
        sim_command(),     doctor_command(),   completion_command(), man_command(),
        version_command(),
    };
    return root;
}

}  // namespace obliv::cli
