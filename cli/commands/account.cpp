#include "cli/commands/account_statement.hpp"
#include "cli/commands/all.hpp"
#include "cli/commands/remote.hpp"
#include "core/base/random.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

const std::vector<Column>& columns() {
    static const std::vector<Column> list{{"id", "ID", true},
                                          {"name", "NAME"},
                                          {"kind", "KIND"},
                                          {"balance", "BALANCE", true},
                                          {"held", "HELD", true},
                                          {"available", "AVAILABLE", true},
                                          {"credit_limit", "CREDIT", true},
                                          {"created_at", "CREATED"}};
    return list;
}

std::string path_of(const Invocation& run) {
    return "/accounts/" + encoded(run.argument(0));
}

Result<void> list(Invocation& run) {
    Query query;
    add_list_flags(run.values, query);
    return show_list(run, "/accounts" + query.text(), "obliv.account.list/1", columns());
}

Result<void> get(Invocation& run) {
    auto account = call(run, "GET", path_of(run));
    return account ? run.output.object("obliv.account.get/1", *account)
                   : Result<void>(account.error());
}

/// What changes for its calls while it is nearly out of money.
Result<void> add_degraded(const Values& values, Json& body) {
    for (auto [flag, field] :
         {std::pair{"degraded-requests-per-minute", "degraded_requests_per_minute"},
          std::pair{"degraded-concurrent", "degraded_concurrent_max"}})
        if (auto count = values.count(flag))
            body[field] = *count;
    if (!values.has("degraded-model"))
        return ok();
    if (values.list("degraded-model") == std::vector<std::string>{"none"}) {
        body["degraded_models"] = nullptr;
        return ok();
    }
    auto models = pairs_of(values, "degraded-model", "MODEL=CHEAPER");
    if (!models)
        return models.error();
    body["degraded_models"] = std::move(*models);
    return ok();
}

Result<Json> body_of(const Values& values) {
    Json body = Json::object();
    if (auto kind = values.text("kind"))
        body["kind"] = *kind;
    if (auto limit = values.text("credit-limit"))
        body["credit_limit"] = *limit;
    if (auto zone = values.text("time-zone"))
        body["time_zone"] = *zone;
    if (auto good = add_degraded(values, body); !good)
        return good.error();
    return body;
}

Result<void> create(Invocation& run) {
    Json body{{"name", run.argument(0)}};
    auto settings = body_of(run.values);
    if (!settings)
        return settings.error();
    body.update(*settings);
    auto missing = expect_missing(run, path_of(run), "the account '" + run.argument(0) + "'");
    if (!missing)
        return missing;
    auto account = change(run, "POST", "/accounts", body, "created account {}");
    if (!account)
        return account.error();
    return account->is_null() ? ok() : run.output.object("obliv.account.create/1", *account);
}

Result<void> set(Invocation& run) {
    auto body = body_of(run.values);
    if (!body)
        return body.error();
    if (auto name = run.values.text("name"))
        (*body)["name"] = *name;
    if (body->empty())
        return fail(Code::usage, "nothing to set: give a flag such as --credit-limit");
    auto account = change(run, "PATCH", path_of(run), *body, "changed account {}");
    if (!account)
        return account.error();
    return account->is_null() ? ok() : run.output.object("obliv.account.set/1", *account);
}

/// The operation has an id even when nobody gave one: a repeat of the same call then changes
/// nothing.
void add_words(const Invocation& run, Json& body) {
    if (auto reason = run.values.text("reason"))
        body["reason"] = *reason;
    body["operation_id"] =
        run.values.text("operation-id").value_or(new_sortable_id(real_clock().wall()));
}

/// Of a transfer and the account after it.
const std::vector<Column>& moved_fields() {
    static const std::vector<Column> list{{"transfer.id", "transfer"},
                                          {"transfer.amount", "amount"},
                                          {"transfer.operation_id", "operation"},
                                          {"account.name", "account"},
                                          {"account.balance", "balance"},
                                          {"account.available", "available"}};
    return list;
}

/// Moves money in or out.
Result<void> transfer(Invocation& run, const std::string& verb) {
    Json body{{"amount", run.argument(1)}};
    add_words(run, body);
    if (auto expiry = run.values.text("expires")) {
        auto time = time_ahead("expires", *expiry);
        if (!time)
            return time.error();
        body["expires_at"] = *time;
    }
    auto answer = change(run, "POST", path_of(run) + "/" + verb, body, "");
    if (!answer)
        return answer.error();
    if (answer->is_null())
        return ok();
    auto account = answer->value("account", Json::object());
    run.output.note((verb == "topup" ? "added " : "adjusted by ") + run.argument(1) +
                    " USD; the balance of " + cell_text(value_at(account, "name")) + " is " +
                    cell_text(value_at(account, "balance")));
    return run.output.object("obliv.account." + verb + "/1", *answer, moved_fields());
}

Result<void> topup(Invocation& run) {
    if (run.argument(1).starts_with('-'))
        return fail(Code::usage, "AMOUNT: a top-up is positive; `obliv account adjust` takes both");
    return transfer(run, "topup");
}

Result<void> adjust(Invocation& run) {
    return transfer(run, "adjust");
}

Result<void> transfer_to(Invocation& run) {
    Json body{{"to", run.argument(1)}, {"amount", run.argument(2)}};
    add_words(run, body);
    auto answer = change(run, "POST", path_of(run) + "/transfer", body, "");
    if (!answer)
        return answer.error();
    if (answer->is_null())
        return ok();
    auto account = answer->value("account", Json::object());
    run.output.note("moved " + run.argument(2) + " USD to " + run.argument(1) +
                    "; the balance of " + cell_text(value_at(account, "name")) + " is " +
                    cell_text(value_at(account, "balance")));
    return run.output.object("obliv.account.transfer/1", *answer, moved_fields());
}

Result<void> lots(Invocation& run) {
    static const std::vector<Column> list{{"id", "ID", true},
                                          {"amount", "AMOUNT", true},
                                          {"left", "LEFT", true},
                                          {"expires_at", "EXPIRES"}};
    return show_list(run, path_of(run) + "/lots", "obliv.account.lots/1", list);
}

std::vector<Flag> transfer_flags() {
    return {{.name = "reason", .value = "TEXT", .help = "Why, for the books"},
            {.name = "operation-id",
             .value = "ID",
             .help = "A name for this operation: repeated, it changes nothing"}};
}

std::vector<Flag> setting_flags() {
    return {
        {.name = "kind",
         .value = "KIND",
         .help = "prepaid never goes below zero, credit down to its limit, unlimited only counts",
         .choices = {"prepaid", "credit", "unlimited"}},
        {.name = "credit-limit",
         .value = "USD",
         .help = "How far below zero a credit account may go",
         .kind = Kind::money},
        {.name = "time-zone",
         .value = "ZONE",
         .help = "By whose clocks budgets and statements begin: UTC, Europe/Berlin ..."},
        {.name = "degraded-model",
         .value = "MODEL=CHEAPER",
         .help = "While at most 5 % of its money is left, ask CHEAPER instead of MODEL, a name or "
                 "a pattern; replaces all of them; none clears them",
         .repeats = true},
        {.name = "degraded-requests-per-minute",
         .value = "N",
         .help = "Then at most so many calls a minute with each token; 0 clears it",
         .kind = Kind::count},
        {.name = "degraded-concurrent",
         .value = "N",
         .help = "Then at most so many calls at once with each token; 0 clears it",
         .kind = Kind::count}};
}

}  // namespace

Command account_command() {
    Command command{.name = "account", .summary = "Manage balances"};
    command.details = "An account pays for calls; a token says which. Amounts are decimals in USD.";
    const Argument which{.name = "ACCOUNT", .help = "Id or name of an account"};
    const Argument amount{.name = "AMOUNT", .help = "USD, such as 5.00", .kind = Kind::money};
    auto found = remote_errors();
    found.push_back(Code::not_found);
    auto changed = found;
    changed.push_back(Code::conflict);
    command.verbs = {
        {.name = "list",
         .summary = "List accounts with their balances",
         .flags = list_flags(),
         .examples = {{"obliv account list", "As a table"},
                      {"obliv account list --jq '.data[] | [.name, .balance] | @tsv'",
                       "Two columns"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "get",
         .summary = "Show one account",
         .arguments = {which},
         .examples = {{"obliv account get team", "By name"},
                      {"obliv account get 11 --jq .available", "What is left"}},
         .errors = found,
         .run = get},
        {.name = "create",
         .summary = "Make an account",
         .arguments = {{.name = "NAME", .help = "What people call it; unique"}},
         .flags = setting_flags(),
         .examples = {{"obliv account create team", "Of the default kind"},
                      {"obliv account create lab --kind credit --credit-limit 50", "On credit"}},
         .errors = changed,
         .run = create},
        {.name = "set",
         .summary = "Change an account",
         .arguments = {which},
         .flags =
             joined(setting_flags(), {{.name = "name", .value = "NAME", .help = "A new name"}}),
         .examples = {{"obliv account set lab --credit-limit 100", "More credit"},
                      {"obliv account set lab --kind prepaid", "No credit any more"},
                      {"obliv account set lab --degraded-model gpt-5=gpt-5-mini",
                       "A cheaper model for the last 5 %"}},
         .errors = changed,
         .run = set},
        {.name = "topup",
         .summary = "Add money to an account",
         .arguments = {which, amount},
         .flags = joined(transfer_flags(),
                         {{.name = "expires",
                           .value = "WHEN",
                           .help = "What is unspent then goes back: a duration such as 90d or a "
                                   "time; money that expires is spent first"}}),
         .examples = {{"obliv account topup team 20.00", "Twenty dollars"},
                      {"obliv account topup team 5 --expires 30d", "A gift for a month"},
                      {"obliv account topup team 20 --operation-id invoice-17",
                       "Safe to run again"}},
         .errors = changed,
         .run = topup},
        {.name = "adjust",
         .summary = "Correct a balance, up or down",
         .arguments = {which, amount},
         .flags = transfer_flags(),
         .examples = {{"obliv account adjust team -1.50 --reason 'double charge of 3 May'", "Down"},
                      {"obliv account adjust team 1.50 --dry-run", "See what would happen"}},
         .errors = changed,
         .run = adjust},
        {.name = "transfer",
         .summary = "Move money to another account",
         .arguments = {which,
                       {.name = "TARGET", .help = "Id or name of the account that gets it"},
                       amount},
         .flags = transfer_flags(),
         .examples = {{"obliv account transfer team lab 5.00", "Five dollars from team to lab"},
                      {"obliv account transfer team lab 5 --operation-id budget-11",
                       "Safe to run again"}},
         .errors = changed,
         .run = transfer_to},
        {.name = "lots",
         .summary = "Show what an account has that expires",
         .arguments = {which},
         .examples = {{"obliv account lots team", "In the order in which it is spent"},
                      {"obliv account lots team --jq '.data[].left'", "What is left of each"}},
         .errors = found,
         .run = lots},
        account_statement_command(),
    };
    return command;
}

}  // namespace obliv::cli
