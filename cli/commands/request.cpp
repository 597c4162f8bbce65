#include "cli/commands/request.hpp"

#include "cli/commands/all.hpp"
#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

namespace obliv::cli {
namespace {

/// One line for each thing that happened, in its order.
Json lines_of(const Json& answer) {
    Json rows = Json::array();
    for (const auto& each : answer.value("excluded", Json::array()))
        rows.push_back(Json{{"step", "passed over"},
                            {"channel", each.value("channel", Json())},
                            {"why", each.value("reason", Json())}});
    int number = 0;
    for (const auto& each : answer.value("attempts", Json::array())) {
        auto row = each;
        row["step"] = "attempt " + std::to_string(++number);
        rows.push_back(std::move(row));
    }
    for (const auto& each : answer.value("candidates", Json::array())) {
        Json row{{"step", "candidate"}, {"channel", each.value("channel", Json())}};
        row["score"] = each.value("score", Json());
        rows.push_back(std::move(row));
    }
    return rows;
}

Result<void> show_captures(Invocation& run) {
    auto answer = call(run, "GET", "/requests/" + encoded(run.argument(0)) + "/captures");
    if (!answer)
        return answer.error();
    auto rows = answer->value("data", Json::array());
    if (rows.empty())
        return fail(Code::not_found,
                    "nothing is kept of what was said in call " + visible(run.argument(0)));
    if (run.output.options().form != Form::human)
        return run.output.list("obliv.request.capture/1", rows, nullptr, {});
    std::string text;
    for (const auto& row : rows) {
        text += row.value("time", "") + " " + row.value("model", "") + "\n";
        for (const char* side : {"request", "reply"}) {
            text += std::string(side) + ":\n" + row.value(side, "") + "\n";
            if (row.value(std::string(side) + "_cut", false))
                text += "(cut)\n";
        }
    }
    return run.output.document(run.output.out_style().is_terminal ? visible(text) : text);
}

Result<void> show(Invocation& run) {
    if (run.values.has("capture"))
        return show_captures(run);
    return show_request(run, run.argument(0), "obliv.request.show/1");
}

}  // namespace

Result<void> show_request(Invocation& run, const std::string& id, std::string_view schema) {
    auto answer = call(run, "GET", "/requests/" + encoded(id));
    if (!answer)
        return answer.error();
    if (run.output.options().form != Form::human)
        return run.output.object(schema, *answer);
    return run.output.list(schema, lines_of(*answer), nullptr,
                           {{"step", "STEP"},
                            {"channel.name", "CHANNEL"},
                            {"model", "MODEL"},
                            {"key_index", "KEY", true},
                            {"status", "STATUS", true},
                            {"cause", "CAUSE"},
                            {"bytes", "BYTES", true},
                            {"ms", "MS", true},
                            {"wait_ms", "WAIT MS", true},
                            {"score", "SCORE", true},
                            {"why", "WHY"}});
}

Command request_command() {
    Command command{.name = "request", .summary = "See what happened to a call"};
    auto errors = remote_errors();
    errors.push_back(Code::not_found);
    command.verbs = {
        {.name = "show",
         .summary = "Show a call's attempts: channels, keys, causes, pauses",
         .arguments = {{.name = "ID", .help = "The x-request-id of the reply"}},
         .flags = {{.name = "capture",
                    .value = "",
                    .help = "Show what was said instead, as far as that is kept"}},
         .examples = {{"obliv request show 01K0QZ", "As a table"},
                      {"obliv request show 01K0QZ --json", "With its usage row"}},
         .errors = errors,
         .run = show},
    };
    return command;
}

}  // namespace obliv::cli
