#include "cli/commands/all.hpp"
#include "cli/commands/batch.hpp"
#include "cli/commands/remote.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace obliv::cli {
namespace {

const std::vector<Column>& columns() {
    static const std::vector<Column> list{{"id", "ID", true},        {"name", "NAME"},
                                          {"role", "ROLE"},          {"group", "GROUP"},
                                          {"models", "MODELS"},      {"budget", "BUDGET", true},
                                          {"spent", "SPENT", true},  {"hint", "KEY"},
                                          {"expires_at", "EXPIRES"}, {"revoked_at", "REVOKED"}};
    return list;
}

std::string path_of(const Invocation& run) {
    return "/tokens/" + encoded(run.argument(0));
}

std::string path_of_one(const std::string& token) {
    return "/tokens/" + encoded(token);
}

/// A flag and the field that it fills.
struct Field {
    enum class Kind : std::uint8_t {
        text,
        list,
        count,
        money,
        time,
    };
    const char* flag;
    const char* name;
    Kind kind;
};
constexpr std::array fields{
    Field{"group", "group", Field::Kind::text},
    Field{"models", "models", Field::Kind::list},
    Field{"account", "account", Field::Kind::text},
    Field{"requests-per-minute", "requests_per_minute", Field::Kind::count},
    Field{"concurrent", "concurrent_max", Field::Kind::count},
    Field{"cache", "cache", Field::Kind::text},
    Field{"budget", "budget", Field::Kind::money},
    Field{"expires", "expires_at", Field::Kind::time},
};

Result<Json> value_of(const Field& field, const std::string& text, const Values& values) {
    auto name = std::string("--") + field.flag;
    switch (field.kind) {
    case Field::Kind::text:
        break;
    case Field::Kind::list:
        return list_of(values, field.flag);
    case Field::Kind::count:
        if (auto count = values.count(field.flag))
            return Json(*count);
        return fail(Code::usage, name + ": expected a count");
    case Field::Kind::money:
        if (auto good = check_value(Kind::money, {}, text, name); !good)
            return good.error();
        break;
    case Field::Kind::time:
        return time_ahead(field.flag, text);
    }
    return Json(text);
}

/// The fields that create and set have in common. `none` clears, where something can be cleared.
Result<Json> body_of(const Values& values, bool may_clear) {
    Json body = Json::object();
    for (const auto& field : fields) {
        auto text = values.text(field.flag);
        if (!text)
            continue;
        bool clears = may_clear && *text == "none";
        auto value = clears ? Result<Json>(Json()) : value_of(field, *text, values);
        if (!value)
            return value.error();
        body[field.name] = std::move(*value);
    }
    return body;
}

Result<void> show_key(Invocation& run, const std::string& schema, const Json& token) {
    if (token.is_null())
        return ok();
    run.output.note("the key is shown now and never again");
    auto shown = run.output.object(schema, token);
    if (shown)
        return shown;
    auto error = shown.error();
    error.hint =
        "the key is lost: `obliv token rotate " + token.value("id", "") + "` gives another";
    return error;
}

Result<void> list(Invocation& run) {
    Query query;
    add_list_flags(run.values, query);
    return show_list(run, "/tokens" + query.text(), "obliv.token.list/1", columns());
}

Result<void> get(Invocation& run) {
    auto token = call(run, "GET", path_of(run));
    return token ? run.output.object("obliv.token.get/1", *token) : Result<void>(token.error());
}

Result<void> create(Invocation& run) {
    auto body = body_of(run.values, false);
    if (!body)
        return body.error();
    Json full{{"name", run.argument(0)}};
    full.update(*body);
    if (auto role = run.values.text("role"))
        full["role"] = *role;
    auto missing = expect_missing(run, path_of(run), "the token '" + run.argument(0) + "'");
    if (!missing)
        return missing;
    auto token = change(run, "POST", "/tokens", full, "created token {}");
    if (!token)
        return token.error();
    return show_key(run, "obliv.token.create/1", *token);
}

Result<void> set(Invocation& run) {
    auto body = body_of(run.values, true);
    if (!body)
        return body.error();
    if (auto name = run.values.text("name"))
        (*body)["name"] = *name;
    if (body->empty())
        return fail(Code::usage, "nothing to set: give a flag such as --budget");
    auto token = change(run, "PATCH", path_of(run), *body, "changed token {}");
    if (!token)
        return token.error();
    return token->is_null() ? ok() : run.output.object("obliv.token.set/1", *token);
}

Result<void> rotate(Invocation& run) {
    auto sure = run.confirm("End the present key of token '" + run.argument(0) + "'");
    if (!sure)
        return sure;
    auto token = change(run, "POST", path_of(run) + "/rotate", nullptr, "rotated token {}");
    if (!token)
        return token.error();
    return show_key(run, "obliv.token.rotate/1", *token);
}

Result<void> revoke(Invocation& run) {
    auto path = [](const std::string& token) { return path_of_one(token) + "/revoke"; };
    return change_each(run, {"obliv.token.revoke/1", "token", "Revoke", "revoked", "POST", path});
}

Result<void> restore(Invocation& run) {
    auto path = [](const std::string& token) { return path_of_one(token) + "/restore"; };
    return change_each(run, {"obliv.token.restore/1", "token", "", "restored", "POST", path});
}

Result<void> remove(Invocation& run) {
    return change_each(
        run, {"obliv.token.remove/1", "token", "Remove", "removed", "DELETE", &path_of_one});
}

std::vector<Flag> setting_flags(bool may_clear) {
    std::string none = may_clear ? "; none clears it" : "";
    return {
        {.name = "budget", .value = "USD", .help = "Refuse calls once this much is spent" + none},
        {.name = "expires", .value = "WHEN", .help = "A duration (30d) or a time" + none},
        {.name = "models", .value = "M1,M2", .help = "Only these models" + none},
        {.name = "group", .value = "NAME", .help = "The group whose channels and prices apply"},
        {.name = "account", .value = "ID", .help = "The account that pays"},
        {.name = "requests-per-minute",
         .value = "N",
         .help = "At most so many calls a minute" + none},
        {.name = "cache",
         .value = "HOW",
         .help = "Give answers again: off, exact or semantic (docs/cache.md)" + none},
        {.name = "concurrent", .value = "N", .help = "At most so many calls at once" + none}};
}

const Argument which{.name = "TOKEN", .help = "Id or name of a token"};
const Argument several{
    .name = "TOKEN", .help = "Ids or names of tokens", .count = Argument::Count::some};

std::vector<Command> looking_verbs() {
    return {
        {.name = "list",
         .summary = "List tokens",
         .flags = list_flags(),
         .examples = {{"obliv token list", "All tokens, as a table"},
                      {"obliv token list --jq '.data[].name'", "Their names, one per line"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "get",
         .summary = "Show one token",
         .arguments = {which},
         .examples = {{"obliv token get ci", "By name"}, {"obliv token get 7 --json", "By id"}},
         .errors = remote_errors({Code::not_found}),
         .run = get},
    };
}

std::vector<Command> writing_verbs() {
    auto changed = remote_errors({Code::not_found, Code::conflict});
    return {
        {.name = "create",
         .summary = "Make a token and show its key once",
         .arguments = {{.name = "NAME", .help = "What people call it; unique"}},
         .flags = joined(setting_flags(false), {{.name = "role",
                                                 .value = "ROLE",
                                                 .help = "What it may do",
                                                 .choices = {"relay", "admin"}}}),
         .examples = {{"obliv token create ci --budget 5.00 --expires 30d", "For a pipeline"},
                      {"obliv token create web --models gpt-4o,gpt-4o-mini --jq .key",
                       "Print only the key"}},
         .errors = remote_errors({Code::conflict}),
         .run = create},
        {.name = "set",
         .summary = "Change a token",
         .arguments = {which},
         .flags =
             joined(setting_flags(true), {{.name = "name", .value = "NAME", .help = "A new name"}}),
         .examples = {{"obliv token set ci --budget 10.00", "Raise the budget"},
                      {"obliv token set ci --expires none", "Let it live on"}},
         .errors = changed,
         .run = set},
        {.name = "rotate",
         .summary = "Give a token a new key; the old one ends at once",
         .arguments = {which},
         .examples = {{"obliv token rotate ci --yes", "Without a question"},
                      {"obliv token rotate ci --yes --jq .key", "Print only the new key"}},
         .errors = changed,
         .run = rotate},
    };
}

std::vector<Command> batch_verbs() {
    auto batch = remote_errors({Code::not_found, Code::partial});
    return {
        {.name = "revoke",
         .summary = "Refuse a token from now on",
         .arguments = {several},
         .examples = {{"obliv token revoke ci", "Asks first"},
                      {"obliv token revoke ci web 17 -y", "Several, without a question"}},
         .errors = batch,
         .run = revoke},
        {.name = "restore",
         .summary = "Accept a revoked token again",
         .arguments = {several},
         .examples = {{"obliv token restore ci", "By name"},
                      {"obliv token restore 7 --dry-run", "See what would happen"}},
         .errors = batch,
         .run = restore},
        {.name = "remove",
         .summary = "Remove a token; its usage stays",
         .arguments = {several},
         .examples = {{"obliv token remove ci", "Asks first"},
                      {"obliv token rm ci -y", "Without a question"}},
         .errors = remote_errors({Code::not_found, Code::conflict, Code::partial}),
         .run = remove},
    };
}

}  // namespace

Command token_command() {
    Command command{.name = "token", .summary = "Manage the API keys that oblivd issues"};
    command.details =
        "A token is a key (sk-...) that a program sends to oblivd. Its value is shown "
        "when it is made and never again.";
    append(command.verbs, looking_verbs());
    append(command.verbs, writing_verbs());
    append(command.verbs, batch_verbs());
    return command;
}

}  // namespace obliv::cli
