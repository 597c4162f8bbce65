#include "cli/commands/channel_balance.hpp"

#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

Result<void> balance(Invocation& run) {
    auto answer = call(run, "GET", "/channels/" + encoded(run.argument(0)) + "/balance");
    if (!answer)
        return answer.error();
    return run.output.list("obliv.channel.balance/1", answer->value("data", Json::array()), nullptr,
                           {{"key", "KEY"},
                            {"hint", "HINT"},
                            {"amount", "LEFT", true},
                            {"currency", "CURRENCY"},
                            {"error", "WHY NOT"}});
}

}  // namespace

Command channel_balance_verb() {
    return {.name = "balance",
            .summary = "Ask a channel's provider what is left of each key's money",
            .arguments = {{.name = "CHANNEL", .help = "Id or name of a channel"}},
            .examples = {{"obliv channel balance main", "As a table"},
                         {"obliv channel balance main --jq '.data[].amount'", "For an alarm"}},
            .errors = remote_errors({Code::not_found, Code::unsupported}),
            .run = balance};
}

}  // namespace obliv::cli
