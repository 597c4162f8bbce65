#include "cli/commands/batch.hpp"
#include "cli/commands/money.hpp"
#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

const std::vector<Column>& columns() {
    static const std::vector<Column> list{
        {"id", "ID", true},       {"scope", "SCOPE"},     {"of", "OF", true},
        {"model", "MODEL"},       {"period", "PERIOD"},   {"amount", "AMOUNT", true},
        {"spent", "SPENT", true}, {"held", "HELD", true}, {"left", "LEFT", true},
        {"resets_at", "RESETS"},  {"time_zone", "ZONE"}};
    return list;
}

std::string path_of_one(const std::string& budget) {
    return "/budgets/" + encoded(budget);
}

std::string path_of(const Invocation& run) {
    return path_of_one(run.argument(0));
}

Result<void> list(Invocation& run) {
    return show_list(run, "/budgets", "obliv.budget.list/1", columns());
}

Result<void> get(Invocation& run) {
    auto budget = call(run, "GET", path_of(run));
    return budget ? run.output.object("obliv.budget.get/1", *budget) : Result<void>(budget.error());
}

/// `everyone`, or one of `--token`, `--user`, `--account`.
Result<void> add_subject(const Values& values, Json& body) {
    body["scope"] = "everyone";
    for (const char* scope : {"token", "user", "account"}) {
        auto of = values.text(scope);
        if (!of)
            continue;
        if (body.contains("of"))
            return fail(Code::usage, "a budget is of one token, one user or one account");
        body["scope"] = scope;
        body["of"] = *of;
    }
    return ok();
}

Result<void> create(Invocation& run) {
    Json body{{"period", run.argument(0)}, {"amount", run.argument(1)}};
    if (auto good = add_subject(run.values, body); !good)
        return good;
    if (auto model = run.values.text("model"))
        body["model"] = *model;
    auto budget = change(run, "POST", "/budgets", body, "");
    if (!budget)
        return budget.error();
    if (budget->is_null())
        return ok();
    run.output.note("created budget " + cell_text(value_at(*budget, "id")));
    return run.output.object("obliv.budget.create/1", *budget);
}

Result<void> set(Invocation& run) {
    Json body{{"amount", run.argument(1)}};
    auto budget = change(run, "PATCH", path_of(run), body, "");
    if (!budget)
        return budget.error();
    if (budget->is_null())
        return ok();
    run.output.note("changed budget " + run.argument(0));
    return run.output.object("obliv.budget.set/1", *budget);
}

Result<void> remove(Invocation& run) {
    return change_each(
        run, {"obliv.budget.remove/1", "budget", "Remove", "removed", "DELETE", &path_of_one});
}

std::vector<Flag> create_flags() {
    return {{.name = "token", .value = "TOKEN", .help = "Only calls with this token"},
            {.name = "user", .value = "USER", .help = "Only calls of this user (id)"},
            {.name = "account", .value = "ACCOUNT", .help = "Only calls that this account pays"},
            {.name = "model",
             .value = "PATTERN",
             .help = "Only calls of these models: gpt-4o, gpt-4*, /^o[13]/",
             .letter = 'm'}};
}

}  // namespace

Command budget_command() {
    Command command{.name = "budget", .summary = "Limit what is spent in a day or a month"};
    command.details =
        "A budget counts the calls of a token, a user, an account or everyone, of all models or "
        "some. It begins anew at midnight, or with the month, by the clocks of the account.";
    const Argument which{.name = "ID", .help = "Of a budget"};
    const Argument amount{.name = "AMOUNT", .help = "USD in each period", .kind = Kind::money};
    auto found = remote_errors();
    found.push_back(Code::not_found);
    auto batch = found;
    batch.push_back(Code::partial);
    auto changed = remote_errors();
    changed.push_back(Code::conflict);
    command.verbs = {
        {.name = "list",
         .summary = "List budgets with what is left of them",
         .examples = {{"obliv budget list", "As a table"},
                      {"obliv budget list --jq '.data[] | [.id, .left] | @tsv'", "Two columns"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "get",
         .summary = "Show one budget",
         .arguments = {which},
         .examples = {{"obliv budget get 3", "By id"},
                      {"obliv budget get 3 --jq .left", "What is left"}},
         .errors = found,
         .run = get},
        {.name = "create",
         .summary = "Make a budget",
         .arguments = {{.name = "PERIOD",
                        .help = "How often it begins anew",
                        .choices = {"day", "month"}},
                       amount},
         .flags = create_flags(),
         .examples = {{"obliv budget create day 5.00 --token ci", "Five dollars a day"},
                      {"obliv budget create month 200 --account team -m 'o3*'",
                       "A month of some models"}},
         .errors = changed,
         .run = create},
        {.name = "set",
         .summary = "Change the amount of a budget, this period included",
         .arguments = {which, amount},
         .examples = {{"obliv budget set 3 8.00", "A larger one"},
                      {"obliv budget set 3 0 --dry-run", "See what would happen"}},
         .errors = found,
         .run = set},
        {.name = "remove",
         .summary = "Remove a budget",
         .arguments = {{.name = "ID", .help = "Of budgets", .count = Argument::Count::some}},
         .examples = {{"obliv budget remove 3", "After a question"},
                      {"obliv budget rm 3 4 -y", "Two, without"}},
         .errors = batch,
         .run = remove},
    };
    return command;
}

}  // namespace obliv::cli
