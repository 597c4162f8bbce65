#include "cli/commands/all.hpp"
#include "cli/commands/batch.hpp"
#include "cli/commands/channel_balance.hpp"
#include "cli/commands/channel_fleet.hpp"
#include "cli/commands/channel_keys.hpp"
#include "cli/commands/channel_models.hpp"
#include "cli/commands/channel_settings.hpp"
#include "cli/commands/channel_test.hpp"
#include "cli/commands/remote.hpp"
#include "cli/commands/request.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

const std::vector<Column>& columns() {
    static const std::vector<Column> list{
        {"id", "ID", true},         {"name", "NAME"},           {"type", "TYPE"},
        {"enabled", "ON"},          {"health.state", "HEALTH"}, {"priority", "PRIORITY", true},
        {"weight", "WEIGHT", true}, {"groups", "GROUPS"},       {"models", "MODELS"},
        {"base_url", "BASE URL"}};
    return list;
}

std::string path_of_one(const std::string& channel) {
    return "/channels/" + encoded(channel);
}

std::string path_of(const Invocation& run) {
    return path_of_one(run.argument(0));
}

void add_timeouts(const Values& values, Json& body) {
    for (auto [flag, field] :
         {std::pair{"connect-timeout", "connect_ms"},
          std::pair{"first-byte-timeout", "first_byte_ms"}, std::pair{"idle-timeout", "idle_ms"},
          std::pair{"total-timeout", "total_ms"}})
        if (auto span = values.duration(flag))
            body["timeouts"][field] = span->count();
}

Result<void> add_lists(const Values& values, Json& body) {
    for (auto [flag, field] : {std::pair{"models", "models"}, std::pair{"group", "groups"}}) {
        if (!values.has(flag))
            continue;
        auto parts = list_of(values, flag);
        if (!parts)
            return parts.error();
        body[field] = std::move(*parts);
    }
    return ok();
}

Result<Json> body_of(const Values& values) {
    Json body = Json::object();
    for (auto [flag, field] : {std::pair{"type", "type"}, std::pair{"base-url", "base_url"},
                               std::pair{"proxy", "proxy"}})
        if (auto text = values.text(flag))
            body[field] = *text;
    if (auto added = add_lists(values, body); !added)
        return added.error();
    for (const char* number : {"priority", "weight"})
        if (auto count = values.count(number))
            body[number] = *count;
    auto aliases = pairs_of(values, "map", "ALIAS=MODEL");
    if (!aliases)
        return aliases.error();
    if (!aliases->empty())
        body["aliases"] = std::move(*aliases);
    add_timeouts(values, body);
    if (auto set = add_channel_settings(values, body); !set)
        return set.error();
    auto keys = keys_from_flags(values);
    if (!keys)
        return keys.error();
    if (!keys->is_null())
        body["keys"] = std::move(*keys);
    return body;
}

Result<void> show(Invocation& run, const std::string& schema, const Result<Json>& channel) {
    if (!channel)
        return channel.error();
    return channel->is_null() ? ok() : run.output.object(schema, *channel);
}

/// What the calls of each channel came to.
const std::vector<Column>& stats_columns() {
    static const std::vector<Column> list{{"name", "NAME"},
                                          {"health.state", "STATE"},
                                          {"health.availability", "AVAILABLE", true},
                                          {"health.ttft_ms", "TTFT MS", true},
                                          {"health.requests", "CALLS", true},
                                          {"health.failures", "FAILED", true},
                                          {"health.in_flight", "NOW", true},
                                          {"health.requests_this_minute", "THIS MINUTE", true},
                                          {"requests_per_minute", "OF", true},
                                          {"health.requests_left", "CALLS LEFT", true},
                                          {"health.tokens_left", "TOKENS LEFT", true},
                                          {"health.balance", "BALANCE", true},
                                          {"health.last_error", "LAST ERROR"}};
    return list;
}

Result<void> list(Invocation& run) {
    Query query;
    add_list_flags(run.values, query);
    return show_list(run, "/channels" + query.text(), "obliv.channel.list/1",
                     run.values.has("stats") ? stats_columns() : columns());
}

Result<void> history(Invocation& run) {
    Query query;
    add_list_flags(run.values, query);
    return show_list(
        run, path_of(run) + "/history" + query.text(), "obliv.channel.history/1",
        {{"time", "TIME"}, {"kind", "WHAT"}, {"model", "MODEL"}, {"detail", "DETAIL"}});
}

Result<void> get(Invocation& run) {
    return show(run, "obliv.channel.get/1", call(run, "GET", path_of(run)));
}

Result<void> add(Invocation& run) {
    for (const char* needed : {"type", "models"})
        if (!run.values.has(needed))
            return fail(Code::usage, std::string("--") + needed + " is missing");
    auto body = body_of(run.values);
    if (!body)
        return body.error();
    Json full{{"name", run.argument(0)}};
    full.update(*body);
    // A server on this machine may need no key.
    if (!full.contains("keys"))
        full["keys"] = Json::array();
    if (run.values.has("disabled"))
        full["enabled"] = false;
    auto missing = expect_missing(run, path_of(run), "the channel '" + run.argument(0) + "'");
    if (!missing)
        return missing;
    auto channel = change(run, "POST", "/channels", full, "added channel {}");
    if (channel && !channel->is_null())
        run.output.suggest("try it: obliv channel test " + run.argument(0));
    return show(run, "obliv.channel.add/1", channel);
}

Result<void> set(Invocation& run) {
    auto body = body_of(run.values);
    if (!body)
        return body.error();
    if (auto name = run.values.text("name"))
        (*body)["name"] = *name;
    if (body->empty())
        return fail(Code::usage, "nothing to set: give a flag such as --weight");
    return show(run, "obliv.channel.set/1",
                change(run, "PATCH", path_of(run), *body, "changed channel {}"));
}

Result<void> enable(Invocation& run) {
    return change_each(run, {"obliv.channel.enable/1", "channel", "", "enabled", "PATCH",
                             &path_of_one, Json{{"enabled", true}}});
}

Result<void> disable(Invocation& run) {
    return change_each(run, {"obliv.channel.disable/1", "channel", "", "disabled", "PATCH",
                             &path_of_one, Json{{"enabled", false}}});
}

Result<void> remove(Invocation& run) {
    return change_each(
        run, {"obliv.channel.remove/1", "channel", "Remove", "removed", "DELETE", &path_of_one});
}

Result<void> explain(Invocation& run) {
    auto past = run.values.text("request");
    if (past.has_value() != run.values.arguments.empty())
        return fail(Code::usage, "give either a model or --request");
    if (past)
        return show_request(run, *past, "obliv.channel.explain.request/1");
    Query query;
    query.add("model", run.argument(0));
    query.add("group", run.values.text("group"));
    auto answer = call(run, "GET", "/channels/explain" + query.text());
    if (!answer)
        return answer.error();
    if (run.output.options().form != Form::human)
        return run.output.object("obliv.channel.explain/1", *answer);
    Json rows = Json::array();
    for (const auto& candidate : answer->value("candidates", Json::array())) {
        auto row = candidate;
        auto obstacle = candidate.value("obstacle", Json());
        row["verdict"] = obstacle.is_string() ? obstacle : Json("serves");
        rows.push_back(std::move(row));
    }
    for (const auto& excluded : answer->value("excluded", Json::array()))
        rows.push_back(Json{{"channel", excluded.value("channel", Json())},
                            {"verdict", excluded.value("reason", Json())}});
    for (auto& row : rows)
        if (row["channel"].is_object())
            row["channel"] = row["channel"].value("name", Json());
    return run.output.list("obliv.channel.explain/1", rows, nullptr,
                           {{"channel", "CHANNEL"},
                            {"priority", "PRIORITY", true},
                            {"weight", "WEIGHT", true},
                            {"share", "SHARE", true},
                            {"upstream_model", "UPSTREAM MODEL"},
                            {"matched_by", "MATCHED BY"},
                            {"verdict", "VERDICT"}});
}

std::vector<Flag> setting_flags() {
    std::vector<Flag> flags{
        {.name = "type", .value = "TYPE", .help = "The provider's dialect, such as openai"},
        {.name = "base-url",
         .value = "URL",
         .help = "As the provider's own SDK takes it; each type has a default"},
        {.name = "models",
         .value = "A,B",
         .help = "What it serves: names, prefixes (gpt-4*) or /regular expressions/"},
        {.name = "map",
         .value = "ALIAS=MODEL",
         .help = "Serve MODEL under another name",
         .repeats = true},
        {.name = "group", .value = "G", .help = "Who may use it", .repeats = true},
        {.name = "priority",
         .value = "N",
         .help = "Higher tiers are tried first",
         .kind = Kind::count},
        {.name = "weight", .value = "N", .help = "Share within its tier", .kind = Kind::count},
        {.name = "proxy", .value = "URL", .help = "Reach it through this proxy"},
        {.name = "connect-timeout",
         .value = "DUR",
         .help = "Limit to connect",
         .kind = Kind::duration},
        {.name = "first-byte-timeout",
         .value = "DUR",
         .help = "Limit to the first byte",
         .kind = Kind::duration},
        {.name = "idle-timeout",
         .value = "DUR",
         .help = "Limit between two bytes",
         .kind = Kind::duration},
        {.name = "total-timeout",
         .value = "DUR",
         .help = "Limit for a whole call",
         .kind = Kind::duration}};
    flags = joined(flags, channel_setting_flags());
    return joined(flags, key_flags("the provider's keys, one a line,"));
}

const Argument which{.name = "CHANNEL", .help = "Id or name of a channel"};
const Argument several{
    .name = "CHANNEL", .help = "Ids or names of channels", .count = Argument::Count::some};

std::vector<Command> looking_verbs() {
    return {
        {.name = "list",
         .summary = "List channels with their health",
         .flags = joined({{.name = "stats",
                           .value = "",
                           .help = "Show availability, latency, failures, quota used and left"}},
                         list_flags()),
         .examples = {{"obliv channel list", "All channels, as a table"},
                      {"obliv channel list --stats", "How each has been doing"},
                      {"obliv channel list --fields name,health.state", "Only these fields"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "get",
         .summary = "Show one channel",
         .arguments = {which},
         .examples = {{"obliv channel get main", "By name"},
                      {"obliv channel get 3 --json", "By id"}},
         .errors = remote_errors({Code::not_found}),
         .run = get},
    };
}

std::vector<Command> writing_verbs() {
    return {
        {.name = "add",
         .summary = "Add a channel",
         .arguments = {{.name = "NAME", .help = "What people call it; unique"}},
         .flags = joined(setting_flags(),
                         {{.name = "disabled", .value = "", .help = "Do not use it yet"}}),
         .examples =
             {{"obliv channel add main --type openai --key-file key --models 'gpt-4o*'",
               "OpenAI itself"},
              {"obliv channel add lab --type openai --base-url http://[::1]:9 --models qwen3",
               "A server of one's own"}},
         .errors = remote_errors({Code::conflict}),
         .run = add},
        {.name = "set",
         .summary = "Change a channel",
         .arguments = {which},
         .flags =
             joined(setting_flags(), {{.name = "name", .value = "NAME", .help = "A new name"}}),
         .examples = {{"obliv channel set main --weight 3", "A larger share"},
                      {"obliv channel set main --key-stdin < key", "A new key"}},
         .errors = remote_errors({Code::not_found, Code::conflict}),
         .run = set},
    };
}

std::vector<Command> batch_verbs() {
    auto batch = remote_errors({Code::not_found, Code::partial});
    return {
        {.name = "enable",
         .summary = "Use a channel",
         .arguments = {several},
         .examples = {{"obliv channel enable main", "By name"},
                      {"obliv channel enable main spare -q", "Two, without a word"}},
         .errors = batch,
         .run = enable},
        {.name = "disable",
         .summary = "Do not use a channel; calls that run on it end normally",
         .arguments = {several},
         .examples = {{"obliv channel disable main", "By name"},
                      {"obliv channel disable main --dry-run", "See what would happen"}},
         .errors = batch,
         .run = disable},
        {.name = "remove",
         .summary = "Remove a channel",
         .arguments = {several},
         .examples = {{"obliv channel remove main", "Asks first"},
                      {"obliv channel rm main -y", "Without a question"}},
         .errors = remote_errors({Code::not_found, Code::conflict, Code::partial}),
         .run = remove},
    };
}

Command history_verb() {
    return {.name = "history",
            .summary = "List what happened to a channel by itself: breakers, checks, keys",
            .arguments = {which},
            .flags = list_flags(),
            .examples = {{"obliv channel history main", "The latest first"},
                         {"obliv channel history main --json", "For a script"}},
            .errors = remote_errors({Code::not_found}),
            .run = history};
}

Command explain_verb() {
    return {.name = "explain",
            .summary = "Say which channels would serve a model, and why not the others",
            .arguments = {{.name = "MODEL",
                           .help = "The model as a caller names it",
                           .count = Argument::Count::optional}},
            .flags = {{.name = "group", .value = "G", .help = "For callers of this group"},
                      {.name = "request",
                       .value = "ID",
                       .help = "Say instead how this past call was served"}},
            .examples = {{"obliv channel explain gpt-4o", "For the default group"},
                         {"obliv channel explain gpt-4o --group vip --json", "For another"},
                         {"obliv channel explain --request 01K0Q", "Of a past call"}},
            .errors = remote_errors({Code::not_found}),
            .run = explain};
}

}  // namespace

Command channel_command() {
    Command command{.name = "channel", .summary = "Manage upstream providers"};
    command.details = "A channel is one way to a provider: its dialect, address, keys, the models "
                      "it serves and who may use it.";
    auto& verbs = command.verbs;
    append(verbs, looking_verbs());
    append(verbs, writing_verbs());
    append(verbs, batch_verbs());
    append(verbs, {history_verb(), channel_test_verb(), channel_key_command(), explain_verb(),
                   channel_models_verb(), channel_balance_verb()});
    append(verbs, channel_fleet_verbs());
    return command;
}

}  // namespace obliv::cli
