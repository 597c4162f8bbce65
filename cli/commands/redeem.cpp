#include "cli/commands/money.hpp"
#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

std::vector<Column> columns(bool made) {
    std::vector<Column> list{{"id", "ID", true}};
    list.push_back(made ? Column{"code", "CODE"} : Column{"prefix", "PREFIX"});
    for (const auto& column :
         {Column{"batch", "BATCH"}, Column{"amount", "AMOUNT", true}, Column{"state", "STATE"},
          Column{"expires_at", "EXPIRES"}, Column{"credit_lasts", "LASTS"}})
        list.push_back(column);
    if (!made)
        for (const auto& column :
             {Column{"used_at", "USED"}, Column{"account_id", "ACCOUNT", true}})
            list.push_back(column);
    return list;
}

Result<void> create(Invocation& run) {
    Json body{{"count", run.values.count("count").value_or(1)}};
    auto amount = run.values.text("amount");
    if (!amount)
        return fail(Code::usage, "--amount: say what each code is worth, such as --amount 5");
    body["amount"] = *amount;
    if (auto batch = run.values.text("batch"))
        body["batch"] = *batch;
    if (auto lasts = run.values.text("credit-expires"))
        body["credit_lasts"] = *lasts;
    if (auto expires = run.values.text("expires")) {
        auto time = time_ahead("expires", *expires);
        if (!time)
            return time.error();
        body["expires_at"] = *time;
    }
    auto made = change(run, "POST", "/redeem-codes", body, "");
    if (!made)
        return made.error();
    if (made->is_null())
        return ok();
    auto rows = made->value("data", Json::array());
    run.output.note("made " + std::to_string(rows.size()) +
                    " codes; they are shown this once and cannot be shown again");
    return run.output.list("obliv.redeem.create/1", rows, nullptr, columns(true));
}

Result<void> list(Invocation& run) {
    Query query;
    for (const char* filter : {"batch", "prefix", "state"})
        query.add(filter, run.values.text(filter));
    add_list_flags(run.values, query);
    return show_list(run, "/redeem-codes" + query.text(), "obliv.redeem.list/1", columns(false));
}

Result<void> revoke(Invocation& run) {
    auto batch = run.values.text("batch");
    bool one = !run.values.arguments.empty();
    if (one == batch.has_value())
        return fail(Code::usage, "give the ID of a code, or --batch for all of a batch");
    Json body = Json::object();
    if (one)
        body["id"] = run.argument(0);
    else
        body["batch"] = *batch;
    if (auto agreed = run.confirm(one ? "Revoke code " + run.argument(0) + "?"
                                      : "Revoke every unused code of batch " + *batch + "?");
        !agreed)
        return agreed;
    auto done = change(run, "POST", "/redeem-codes/revoke", body, "");
    if (!done)
        return done.error();
    if (done->is_null())
        return ok();
    run.output.note("revoked " + cell_text(value_at(*done, "revoked")) + " codes");
    return run.output.object("obliv.redeem.revoke/1", *done);
}

Result<void> use(Invocation& run) {
    Json body{{"code", run.argument(0)}};
    if (auto account = run.values.text("account"))
        body["account"] = *account;
    auto answer = change(run, "POST", "/redeem", body, "");
    if (!answer)
        return answer.error();
    if (answer->is_null())
        return ok();
    run.output.note("redeemed " + cell_text(value_at(*answer, "transfer.amount")) +
                    " USD; the balance of " + cell_text(value_at(*answer, "account.name")) +
                    " is " + cell_text(value_at(*answer, "account.balance")));
    return run.output.object("obliv.redeem.use/1", *answer,
                             {{"transfer.id", "transfer"},
                              {"transfer.amount", "amount"},
                              {"transfer.expires_at", "expires"},
                              {"account.name", "account"},
                              {"account.balance", "balance"}});
}

std::vector<Flag> create_flags() {
    return {
        {.name = "count", .value = "N", .help = "How many; one by default", .kind = Kind::count},
        {.name = "amount", .value = "USD", .help = "What each is worth", .kind = Kind::money},
        {.name = "batch", .value = "NAME", .help = "What they are found by later"},
        {.name = "expires",
         .value = "WHEN",
         .help = "Until when they can be used: a duration such as 30d or a time"},
        {.name = "credit-expires",
         .value = "DUR",
         .help = "How long after its use the money of a code expires",
         .kind = Kind::duration}};
}

}  // namespace

Command redeem_command() {
    Command command{.name = "redeem", .summary = "Codes that stand for money"};
    command.details =
        "Each code is used once, by anybody who has a token. Only its digest is kept.";
    auto found = remote_errors();
    found.push_back(Code::not_found);
    auto refused = found;
    refused.push_back(Code::conflict);
    refused.push_back(Code::rate_limited);
    command.verbs = {
        {.name = "create",
         .summary = "Make codes and show them, once",
         .flags = create_flags(),
         .examples = {{"obliv redeem create --count 100 --amount 5 --expires 30d", "A batch"},
                      {"obliv redeem create --amount 5 --credit-expires 90d --jq '.data[].code'",
                       "One, whose money lasts 90 days after its use"}},
         .errors = remote_errors(),
         .run = create},
        {.name = "list",
         .summary = "List codes by how they begin",
         .flags = joined(list_flags(),
                         {{.name = "batch", .value = "NAME", .help = "Only of this batch"},
                          {.name = "prefix", .value = "TEXT", .help = "Only those that begin so"},
                          {.name = "state",
                           .value = "STATE",
                           .help = "Only those that are so",
                           .choices = {"open", "used", "revoked", "expired"}}}),
         .examples = {{"obliv redeem list --batch spring --state used", "Who used them"},
                      {"obliv redeem list --prefix 7KQ2M", "The one that somebody asks about"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "revoke",
         .summary = "Take back codes that are not used",
         .arguments = {{.name = "ID", .help = "Of a code", .count = Argument::Count::optional}},
         .flags = {{.name = "batch", .value = "NAME", .help = "All of this batch instead"}},
         .examples = {{"obliv redeem revoke 17", "One"},
                      {"obliv redeem revoke --batch spring -y", "A batch, without a question"}},
         .errors = found,
         .run = revoke},
        {.name = "use",
         .summary = "Redeem a code",
         .arguments = {{.name = "CODE", .help = "As it was given; case and dashes do not matter"}},
         .flags = {{.name = "account",
                    .value = "ACCOUNT",
                    .help = "Who gets the money, for administrators; the token's own by default"}},
         .examples = {{"obliv redeem use 7KQ2M-XXXXX-XXXXX-XXXXX", "For the token's own account"},
                      {"obliv redeem use 7KQ2M-XXXXX-XXXXX-XXXXX --account team", "For another"}},
         .errors = refused,
         .run = use},
    };
    return command;
}

}  // namespace obliv::cli
