#include "cli/commands/invocation.hpp"

#include "cli/settings/credentials.hpp"
#include "cli/settings/key_source.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <unistd.h>

#include <array>

namespace obliv::cli {
namespace {

/// The key whose file or program the settings name; empty when they name none.
Result<Secret> key_of_settings(const Settings& settings, const std::atomic<bool>& interrupted) {
    if (const auto* file = settings.find("key_file"); file && !file->text.empty())
        return key_from_file(file->text);
    if (const auto* program = settings.find("key_command"); program && !program->list.empty())
        return key_from_command(program->list, interrupted);
    return Secret();
}

}  // namespace

Invocation::Invocation(Parts parts)
    : root(parts.root), command(parts.command), values(std::move(parts.values)),
      paths(std::move(parts.paths)), settings(std::move(parts.settings)), output(parts.output),
      interrupt(parts.interrupt), environment(std::move(parts.environment)) {}

Result<client::Endpoint> Invocation::endpoint() const {
    auto text = settings.text("server");
    if (text.empty())
        return client::local_endpoint(environment);
    auto endpoint = client::parse_endpoint(text);
    if (!endpoint && settings.find("server")->layer < Layer::variable) {
        auto error = endpoint.error();
        error.code = Code::config_invalid;
        return std::move(error).in(settings.find("server")->origin);
    }
    return endpoint;
}

client::Options Invocation::client_options(client::Endpoint endpoint, Secret credential) const {
    client::Options options;
    options.endpoint = std::move(endpoint);
    options.credential = std::move(credential);
    options.user_agent = "obliv/" OBLIV_VERSION;
    options.interrupt = {&interrupt.flag(), interrupt.descriptor()};
    if (auto limit = parse_duration(settings.text("timeout")))
        options.deadline = Deadline::after(real_clock(), *limit);
    auto& out = output;
    options.note = [&out](std::string_view line) { out.detail(line); };
    if (out.options().verbosity >= 2)
        options.trace = [&out](std::string_view line) { out.trace(line); };
    return options;
}

Result<client::Client*> Invocation::client() {
    if (client_)
        return client_.get();
    auto where = endpoint();
    if (!where)
        return where.error();
    auto key = credential(*where);
    if (!key)
        return key.error();
    client_ = std::make_unique<client::Client>(client_options(*where, std::move(*key)));
    return client_.get();
}

Result<Secret> Invocation::credential(const client::Endpoint& endpoint) const {
    // Commands that give a key to a channel take the same flags for another purpose.
    bool own_flags = command.name != "add" && command.name != "set";
    if (own_flags) {
        auto given = key_of_flags(values);
        if (!given)
            return given.error();
        if (*given)
            return **given;
    }
    auto named = key_of_settings(settings, interrupt.flag());
    if (!named || !named->empty())
        return named;
    auto stored = Credentials(paths).find(settings.profile(), endpoint.text);
    if (!stored)
        return stored.error();
    if (*stored)
        return **stored;
    auto variable = environment("OBLIV_TOKEN");
    if (variable.empty())
        return Secret();
    return checked_key(variable, "OBLIV_TOKEN");
}

bool Invocation::may_ask() const {
    return settings.text("no_input") != "true" && ::isatty(STDIN_FILENO) == 1;
}

Result<void> Invocation::confirm(const std::string& question) const {
    if (values.has("yes") || dry_run())
        return ok();
    if (!may_ask()) {
        auto error = fail(Code::usage, question + " needs an answer");
        error.hint = "give it with --yes";
        return error;
    }
    (void)write_all(output.options().err, visible(question) + "? [y/N] ");
    if (auto ready = interrupt.wait_readable(STDIN_FILENO); !ready)
        return ready;
    std::array<char, 256> answer{};
    auto got = ::read(STDIN_FILENO, answer.data(), answer.size());
    if (got > 0 && lower(answer[0]) == 'y')
        return ok();
    return fail(Code::cancelled, "not confirmed, nothing was changed");
}

ReplyFacts Invocation::reply_facts() const {
    if (!client_)
        return {};
    return {client_->last_status(), client_->last_request_id()};
}

std::vector<Flag> key_flags(const std::string& whose) {
    return {{.name = "key-file",
             .value = "FILE",
             .help = "Read " + whose + " from FILE, which nobody else may read (0600)",
             .kind = Kind::file},
            {.name = "key-stdin", .value = "", .help = "Read " + whose + " from stdin"}};
}

Result<std::optional<Secret>> key_of_flags(const Values& values) {
    auto file = values.text("key-file");
    if (file && values.has("key-stdin"))
        return fail(Code::usage, "--key-file and --key-stdin exclude each other");
    if (!file && !values.has("key-stdin"))
        return std::optional<Secret>();
    auto key = file ? key_from_file(*file) : key_from_descriptor(STDIN_FILENO);
    if (!key)
        return key.error();
    return std::optional<Secret>(std::move(*key));
}

}  // namespace obliv::cli
