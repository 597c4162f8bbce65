#include "cli/commands/all.hpp"
#include "cli/commands/reconcile.hpp"
#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

Result<void> show(Invocation& run) {
    Query query;
    add_list_flags(run.values, query);
    query.add("account", run.values.text("account"));
    query.add("call", run.values.text("call"));
    return show_list(run, "/ledger/entries" + query.text(), "obliv.ledger.show/1",
                     {{"id", "ID", true},
                      {"time", "TIME"},
                      {"account_id", "ACCOUNT", true},
                      {"kind", "KIND"},
                      {"amount", "AMOUNT", true},
                      {"call", "CALL"},
                      {"reason", "REASON"}});
}

Result<void> verify(Invocation& run) {
    auto verdict = call(run, "POST", "/ledger/verify", Json::object());
    if (!verdict)
        return verdict.error();
    auto problems = verdict->value("problems", Json::array());
    if (auto shown = run.output.object("obliv.ledger.verify/1", *verdict,
                                       {{"ok", "ok"},
                                        {"accounts", "accounts"},
                                        {"charges", "charges"},
                                        {"transfers", "transfers"},
                                        {"usage_rows", "usage rows"},
                                        {"retired", "removed rows"}});
        !shown)
        return shown;
    if (verdict->value("ok", false))
        return ok();
    if (run.output.options().form == Form::human)
        for (const auto& problem : problems)
            run.output.warn(cell_text(problem));
    return fail(Code::gate, "the books do not agree: " + std::to_string(problems.size()) +
                                (problems.size() == 1 ? " problem" : " problems"));
}

}  // namespace

Command ledger_command() {
    Command command{.name = "ledger", .summary = "Read and prove the books"};
    command.details = "Every call and every movement of money is entries that sum to zero. None is "
                      "ever edited.";
    auto gated = remote_errors();
    gated.push_back(Code::gate);
    auto reconciled = gated;
    reconciled.push_back(Code::not_found);
    command.verbs = {
        {.name = "show",
         .summary = "List entries, newest first",
         .flags = joined(
             list_flags(),
             {{.name = "account", .value = "ID", .help = "Only of this account"},
              {.name = "call", .value = "ID", .help = "Only of this call (its request id)"}}),
         .examples = {{"obliv ledger show --account team", "Of one account"},
                      {"obliv ledger show --json --limit 1000", "A page for a script"}},
         .errors = gated,
         .run = show},
        {.name = "verify",
         .summary = "Prove that entries, balances and usage agree",
         .details = "Exit code 10 says that they do not, and what is wrong goes to stderr.",
         .examples = {{"obliv ledger verify", "For a person"},
                      {"obliv ledger verify --json", "For a monitor"}},
         .errors = gated,
         .run = verify},
        {.name = "reconcile",
         .summary = "Compare a provider's bill or usage export with what calls used",
         .details = "Reads CSV with a head (date, model, input_tokens, output_tokens, cost) or the "
                    "usage and cost reports of OpenAI and Anthropic, CSV or JSON. Compared are "
                    "tokens by day and model, or the cost where the bill tells no tokens. Exit "
                    "code 10 says that they differ.",
         .arguments = {{.name = "FILE", .help = "The bill; - for stdin", .kind = Kind::file}},
         .flags = {{.name = "provider",
                    .value = "TYPE",
                    .help = "Only calls served by channels of this type"},
                   {.name = "channel", .value = "ID", .help = "Only calls served by this channel"},
                   {.name = "cost", .value = "", .help = "Compare what was charged too"},
                   {.name = "tolerance",
                    .value = "PERCENT",
                    .help = "How far figures may be apart (0)",
                    .kind = Kind::decimal}},
         .examples = {{"obliv ledger reconcile usage.csv --provider openai", "An export"},
                      {"obliv ledger reconcile invoice.csv --cost --tolerance 0.5", "An invoice"}},
         .errors = reconciled,
         .run = reconcile_ledger},
    };
    return command;
}

}  // namespace obliv::cli
