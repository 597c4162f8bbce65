#include "cli/commands/model.hpp"

#include "cli/commands/all.hpp"
#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

const std::vector<Column>& columns() {
    static const std::vector<Column> list{{"id", "ID"},
                                          {"channels", "CHANNELS"},
                                          {"price.input", "INPUT", true},
                                          {"price.output", "OUTPUT", true}};
    return list;
}

/// The models of any OpenAI-compatible server, in the shape of the management API.
Result<Json> models_of_server(client::Client& client) {
    auto ids = offered_models(client);
    if (!ids)
        return ids.error();
    Json rows = Json::array();
    for (const auto& id : *ids)
        rows.push_back(Json{{"id", id}});
    return rows;
}

/// What an oblivd says to an administrator, else what any server says to a caller.
Result<Json> models(Invocation& run) {
    auto client = run.client();
    if (!client)
        return client.error();
    if ((*client)->endpoint().has_path())
        return models_of_server(**client);
    Query query;
    query.add("limit", "1000");
    query.add("group", run.values.text("group"));
    auto page = call(run, "GET", "/models" + query.text());
    if (page && page->is_object() && page->contains("data"))
        return (*page)["data"];
    if (page)
        return models_of_server(**client);
    auto code = page.error().code;
    if (code == Code::unauthenticated || code == Code::forbidden || code == Code::not_found)
        return models_of_server(**client);
    return page;
}

Result<void> list(Invocation& run) {
    auto rows = models(run);
    if (!rows)
        return rows.error();
    return run.output.list("obliv.model.list/1", *rows, nullptr, columns());
}

Result<void> get(Invocation& run) {
    auto rows = models(run);
    if (!rows)
        return rows.error();
    std::vector<std::string> ids;
    for (const auto& row : *rows) {
        ids.push_back(row.value("id", ""));
        if (ids.back() == run.argument(0))
            return run.output.object("obliv.model.get/1", row);
    }
    auto error = fail(Code::not_found, "there is no model '" + visible(run.argument(0)) + "' here");
    std::vector<std::string_view> names(ids.begin(), ids.end());
    if (auto near = did_you_mean(run.argument(0), names))
        error.hint = "did you mean '" + std::string(*near) + "'?";
    return error;
}

}  // namespace

Result<std::vector<std::string>> offered_models(client::Client& client) {
    client::Request request;
    request.url = client.endpoint().openai_url("/models");
    auto response = client.send(request);
    if (!response)
        return response.error();
    if (!response->ok())
        return client::error_from(*response);
    auto document = Json::parse(response->body, nullptr, false);
    if (!document.is_object() || !document.contains("data") || !document["data"].is_array())
        return fail(Code::upstream_failed,
                    client.endpoint().text + " does not list models as OpenAI's API does");
    std::vector<std::string> ids;
    for (const auto& row : document["data"])
        if (row.is_object() && row.contains("id") && row["id"].is_string())
            ids.push_back(row["id"].get<std::string>());
    return ids;
}

Result<std::string> chosen_model(Invocation& run, client::Client& client) {
    if (auto asked = run.values.text("model"))
        return *asked;
    if (auto usual = run.settings.text("model"); !usual.empty())
        return usual;
    if (auto api = run.settings.text("api"); api != "openai") {
        auto unnamed = fail(Code::usage, "no model was named");
        unnamed.hint = "name one with -m MODEL: it is not looked up with --api " + api;
        return unnamed;
    }
    auto ids = offered_models(client);
    if (!ids)
        return ids.error();
    if (ids->size() == 1)
        return ids->front();
    auto error = fail(Code::usage, "no model was named and " + client.endpoint().text + " offers " +
                                       std::to_string(ids->size()));
    std::string some;
    for (std::size_t i = 0; i < std::min<std::size_t>(ids->size(), 5); ++i)
        some += (i ? ", " : ": ") + (*ids)[i];
    error.message += some;
    error.hint = "name one with -m MODEL, or for good with `obliv config set model MODEL`";
    return error;
}

Command model_command() {
    Command command{.name = "model", .summary = "Show the models that can be reached"};
    const Flag group{.name = "group", .value = "G", .help = "As callers of this group see them"};
    auto found = remote_errors();
    found.push_back(Code::not_found);
    command.verbs = {
        {.name = "list",
         .summary = "List models with channels and prices",
         .flags = joined({group}, key_flags("the server's key")),
         .examples = {{"obliv model list", "Of the oblivd in use"},
                      {"obliv model list --server http://127.0.0.1:9000/v1",
                       "Of any other server"}},
         .errors = remote_errors(),
         .run = list},
        {.name = "get",
         .summary = "Show one model",
         .arguments = {{.name = "MODEL", .help = "Its id"}},
         .flags = joined({group}, key_flags("the server's key")),
         .examples = {{"obliv model get gpt-4o", "Its channels and price"},
                      {"obliv model get gpt-4o --jq .price.output", "One figure"}},
         .errors = found,
         .run = get},
    };
    return command;
}

}  // namespace obliv::cli
