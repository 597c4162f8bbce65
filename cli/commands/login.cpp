#include "cli/commands/all.hpp"
#include "cli/commands/remote.hpp"
#include "cli/settings/credentials.hpp"
#include "cli/settings/key_source.hpp"

#include <nlohmann/json.hpp>

#include <termios.h>
#include <unistd.h>

#include <array>

namespace obliv::cli {
namespace {

/// The terminal without echo, for as long as this lives.
class Silence {
public:
    Silence() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0)
            return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    }
    ~Silence() {
        if (changed_)
            (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

private:
    termios before_{};
    bool changed_ = false;
};

Result<Secret> prompted_token(Invocation& run) {
    if (!run.may_ask()) {
        auto error = fail(Code::usage, "a token is needed");
        error.hint = "give it by --key-file or on stdin";
        return error;
    }
    Silence silence;
    (void)write_all(run.output.options().err, "Token: ");
    auto ready = run.interrupt.wait_readable(STDIN_FILENO);
    std::array<char, 4096> line{};
    auto got = ready ? ::read(STDIN_FILENO, line.data(), line.size()) : 0;
    (void)write_all(run.output.options().err, "\n");
    if (!ready)
        return ready.error();
    std::string_view text(line.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    return checked_key(text, "what was typed");
}

Result<Secret> given_token(Invocation& run) {
    auto flagged = key_of_flags(run.values);
    if (!flagged)
        return flagged.error();
    if (*flagged)
        return **flagged;
    return ::isatty(STDIN_FILENO) == 1 ? prompted_token(run) : key_from_descriptor(STDIN_FILENO);
}

Result<Json> who(const client::Options& options) {
    client::Client client(options);
    client::Request request;
    request.url = client.endpoint().management_url("/api/v1/whoami");
    auto response = client.send(request);
    if (!response)
        return response.error();
    if (!response->ok())
        return client::error_from(*response);
    auto document = Json::parse(response->body, nullptr, false);
    if (!document.is_object())
        return fail(Code::upstream_failed, client.endpoint().text + " is no oblivd");
    return document;
}

const std::vector<Column>& columns() {
    static const std::vector<Column> list{{"server", "server"},
                                          {"role", "role"},
                                          {"via", "via"},
                                          {"token.name", "token"},
                                          {"account.name", "account"},
                                          {"account.available", "available"}};
    return list;
}

Result<void> login(Invocation& run) {
    auto endpoint = run.endpoint();
    if (!endpoint)
        return endpoint.error();
    auto token = given_token(run);
    if (!token)
        return token.error();
    auto caller = who(run.client_options(*endpoint, *token));
    if (!caller)
        return caller.error();
    if (caller->value("via", "") != "token")
        return fail(Code::unauthenticated, endpoint->text + " did not recognise the token");
    if (!run.dry_run()) {
        auto stored = Credentials(run.paths).store(run.settings.profile(), endpoint->text, *token);
        if (!stored)
            return stored;
        run.output.note("logged in to " + endpoint->text);
    }
    (*caller)["server"] = endpoint->text;
    return run.output.object("obliv.login/1", *caller, columns());
}

Result<void> logout(Invocation& run) {
    auto endpoint = run.endpoint();
    if (!endpoint)
        return endpoint.error();
    if (run.dry_run()) {
        run.output.note("would forget the token for " + endpoint->text);
        return ok();
    }
    auto gone = Credentials(run.paths).remove(run.settings.profile(), endpoint->text);
    if (!gone)
        return gone.error();
    run.output.note(*gone ? "logged out of " + endpoint->text
                          : "there was no token for " + endpoint->text);
    return ok();
}

Result<void> whoami(Invocation& run) {
    auto caller = call(run, "GET", "/whoami");
    if (!caller)
        return caller.error();
    auto client = run.client();
    if (!client || !caller->is_object())
        return fail(Code::upstream_failed, "this server is no oblivd");
    (*caller)["server"] = (*client)->endpoint().text;
    return run.output.object("obliv.whoami/1", *caller, columns());
}

}  // namespace

Command login_command() {
    Command command{.name = "login", .summary = "Keep a token for a server"};
    command.details =
        "Reads the token from stdin, or asks for it, proves it by a call and keeps it "
        "where only you can read it. It is used for this server and profile only.";
    command.flags = key_flags("the token");
    command.examples = {{"obliv login --server https://llm.example.org", "Asks for the token"},
                        {"obliv login --server https://llm.example.org < token", "From a file"}};
    command.errors = remote_errors();
    command.run = login;
    return command;
}

Command logout_command() {
    Command command{.name = "logout", .summary = "Forget the token of a server"};
    command.examples = {{"obliv logout", "Of the server in use"},
                        {"obliv logout --server https://llm.example.org", "Of another"}};
    command.errors = {Code::unavailable};
    command.run = logout;
    return command;
}

Command whoami_command() {
    Command command{.name = "whoami", .summary = "Say who the server thinks you are"};
    command.flags = key_flags("the server's key");
    command.examples = {{"obliv whoami", "Role, token and account"},
                        {"obliv whoami --jq .role", "One field"}};
    command.errors = remote_errors();
    command.run = whoami;
    return command;
}

}  // namespace obliv::cli
