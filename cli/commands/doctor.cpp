#include "cli/commands/all.hpp"
#include "cli/commands/model.hpp"
#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace obliv::cli {
namespace {

constexpr std::chrono::milliseconds wait_pause{200};

/// The rows of the report, in the order of the checks.
class Checks {
public:
    void add(const std::string& name, bool good, const std::string& detail) {
        rows_.push_back(Json{{"check", name}, {"ok", good}, {"detail", detail}});
        failed_ += good ? 0 : 1;
    }
    const Json& rows() const noexcept { return rows_; }
    int failed() const noexcept { return failed_; }

private:
    Json rows_ = Json::array();
    int failed_ = 0;
};

/// One plain GET without retries: a doctor looks, it does not insist.
Result<client::Response> look(Invocation& run, const client::Endpoint& endpoint,
                              const std::string& url, Secret key) {
    auto options = run.client_options(endpoint, std::move(key));
    options.tries_max = 1;
    options.connect_limit = std::chrono::seconds(3);
    options.silence_limit = std::chrono::seconds(5);
    client::Client client(std::move(options));
    client::Request request;
    request.url = url;
    return client.send(request);
}

Result<void> wait_until_ready(Invocation& run, std::chrono::milliseconds limit) {
    auto deadline = Deadline::after(real_clock(), limit);
    std::string latest = "no oblivd has appeared";
    while (!deadline.passed(real_clock().steady())) {
        // Found anew each time: the socket may not exist yet.
        auto endpoint = run.endpoint();
        if (endpoint) {
            auto ready = look(run, *endpoint, endpoint->management_url("/readyz"), {});
            if (ready && ready->ok())
                return ok();
            if (!ready && ready.error().code == Code::cancelled)
                return ready.error();
            latest = ready ? "it answered " + std::to_string(ready->status) : ready.error().message;
        } else if (endpoint.error().code != Code::unavailable) {
            return endpoint.error();
        }
        if (auto slept = run.interrupt.sleep(wait_pause); !slept)
            return slept;
    }
    return fail(Code::timeout, "not ready within " + duration_text(limit) + ": " + latest);
}

void check_local(Invocation& run, Checks& checks) {
    std::string files;
    for (const auto& file : run.settings.files())
        files += (files.empty() ? "" : ", ") + file;
    checks.add("settings", true, files.empty() ? "no files, built-in settings" : files);
    auto state = state_file(run.paths, "probe");
    bool writable = state && ::access(run.paths.state.c_str(), W_OK) == 0;
    checks.add("state folder", writable, state ? run.paths.state : state.error().message);
}

void check_daemon(Invocation& run, const client::Endpoint& endpoint, Checks& checks) {
    for (auto [path, name] : {std::pair{"/healthz", "alive"}, std::pair{"/readyz", "ready"}}) {
        auto answer = look(run, endpoint, endpoint.management_url(path), {});
        checks.add(name, answer && answer->ok(),
                   answer ? "status " + std::to_string(answer->status) : answer.error().message);
        if (!answer)
            return;
    }
    auto caller = call(run, "GET", "/whoami");
    checks.add("credential", caller.has_value(),
               caller ? "role " + caller->value("role", "") : caller.error().message);
    if (!caller || caller->value("role", "") != "admin")
        return;
    auto status = call(run, "GET", "/system/status");
    checks.add("daemon", status.has_value(),
               status ? "version " + status->value("version", "") : status.error().message);
}

void check_server(Invocation& run, Checks& checks) {
    auto client = run.client();
    auto ids = client ? offered_models(**client) : Result<std::vector<std::string>>(client.error());
    checks.add("models", ids.has_value(),
               ids ? std::to_string(ids->size()) + " offered" : ids.error().message);
}

Result<void> doctor(Invocation& run) {
    if (auto limit = run.values.duration("wait"))
        if (auto ready = wait_until_ready(run, *limit); !ready)
            return ready;
    Checks checks;
    check_local(run, checks);
    auto endpoint = run.endpoint();
    checks.add("server", endpoint.has_value(),
               endpoint ? endpoint->text : endpoint.error().message);
    if (endpoint && endpoint->has_path())
        check_server(run, checks);
    else if (endpoint)
        check_daemon(run, *endpoint, checks);
    auto shown = run.output.list("obliv.doctor/1", checks.rows(), nullptr,
                                 {{"check", "CHECK"}, {"ok", "OK"}, {"detail", "DETAIL"}});
    if (!shown || checks.failed() == 0)
        return shown;
    return fail(Code::gate, std::to_string(checks.failed()) +
                                (checks.failed() == 1 ? " check failed" : " checks failed"));
}

}  // namespace

Command doctor_command() {
    Command command{.name = "doctor", .summary = "Check settings, server and credential"};
    command.details =
        "Exit code 10 says that a check failed. With --wait the first thing is to poll "
        "until the daemon is ready; exit code 9 says that it did not become so.";
    command.flags = joined({{.name = "wait",
                             .value = "DUR",
                             .help = "Wait so long for the daemon to be ready",
                             .kind = Kind::duration}},
                           key_flags("the server's key"));
    command.examples = {{"obliv doctor", "Everything, as a table"},
                        {"obliv doctor --server http://127.0.0.1:8490 --wait 10s", "In a script"}};
    command.errors = {Code::gate, Code::timeout};
    command.run = doctor;
    return command;
}

}  // namespace obliv::cli
