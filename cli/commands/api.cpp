#include "cli/commands/all.hpp"
#include "cli/commands/remote.hpp"
#include "cli/settings/paths.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

Result<std::string> body_of(const Values& values) {
    auto text = values.text("body");
    auto file = values.text("body-file");
    if (text && file)
        return fail(Code::usage, "--body and --body-file exclude each other");
    auto body = file ? read_text_file(*file == "-" ? "/dev/stdin" : *file)
                     : Result<std::string>(text.value_or(""));
    if (!body) {
        auto error = body.error();
        error.code = Code::usage;
        return error;
    }
    if (!body->empty() && !Json::accept(*body))
        return fail(Code::usage, "the body is not JSON");
    return body;
}

Result<void> print(Output& output, const std::string& body) {
    auto document = Json::parse(body, nullptr, false);
    if (!document.is_discarded())
        return output.foreign(document);
    if (output.options().form != Form::human && !body.empty())
        return fail(Code::upstream_failed, "the answer is not JSON");
    return output.piece(output.out_style().is_terminal ? visible(body) : body);
}

Result<void> api(Invocation& run) {
    auto body = body_of(run.values);
    if (!body)
        return body.error();
    client::Request request;
    request.method = run.argument(0);
    const auto& path = run.argument(1);
    if (!path.starts_with('/') || path.find_first_of(" \r\n\t") != std::string::npos)
        return fail(Code::usage,
                    "PATH: expected one that starts with /, got '" + visible(path) + "'");
    bool changes = request.method != "GET" && request.method != "HEAD";
    if (changes && run.dry_run())
        return run.output.foreign(Json{{"schema", "obliv.dry_run/1"},
                                       {"dry_run", true},
                                       {"method", request.method},
                                       {"path", path}});
    auto client = run.client();
    if (!client)
        return client.error();
    request.url = (*client)->endpoint().management_url(path);
    request.body = std::move(*body);
    request.repeatable = request.method != "POST";
    auto response = (*client)->send(request);
    if (!response)
        return response.error();
    if (!response->ok())
        return client::error_from(*response);
    return print(run.output, response->body);
}

}  // namespace

Command api_command() {
    Command command{.name = "api",
                    .summary = "Make one authenticated call, for what has no command"};
    command.details =
        "The answer is printed as it comes, JSON laid out. A status outside 2xx is an "
        "error with the exit code of its meaning.";
    command.arguments = {
        {.name = "METHOD",
         .help = "The method",
         .choices = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}},
        {.name = "PATH", .help = "The path with its query, such as /api/v1/tokens"}};
    command.flags = joined({{.name = "body", .value = "JSON", .help = "Send this body"},
                            {.name = "body-file",
                             .value = "FILE",
                             .help = "Send a file's text; - is stdin",
                             .kind = Kind::file}},
                           key_flags("the server's key"));
    command.examples = {
        {"obliv api GET /api/v1/system/status", "State of the daemon"},
        {"obliv api POST /api/v1/channels/main/test --body '{}' --jq .ok", "Any call, one field"}};
    command.errors = remote_errors();
    command.errors.insert(command.errors.end(), {Code::not_found, Code::conflict});
    command.run = api;
    return command;
}

}  // namespace obliv::cli
