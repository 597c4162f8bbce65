#pragma once

#include "cli/command.hpp"
#include "cli/grammar/values.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/output.hpp"
#include "cli/settings/settings.hpp"
#include "core/base/secret.hpp"
#include "core/client/client.hpp"

#include <memory>
#include <optional>
#include <string>

namespace obliv::cli {

/// What one run of one command is given. Lives in main(), one thread.
class Invocation {
public:
    struct Parts {
        const Command& root;
        const Command& command;
        Values values;
        Paths paths;
        Settings settings;
        Output& output;
        InterruptSource& interrupt;
        Environment environment;
    };
    explicit Invocation(Parts parts);

    const Command& root;
    const Command& command;
    const Values values;
    const Paths paths;
    const Settings settings;
    Output& output;
    InterruptSource& interrupt;
    const Environment environment;

    const std::string& argument(std::size_t index) const { return values.arguments.at(index); }
    bool dry_run() const { return values.has("dry-run"); }

    /// The server of flag, variable or settings; else the local oblivd.
    Result<client::Endpoint> endpoint() const;
    /// Its client, made at the first call.
    Result<client::Client*> client();
    /// The same with other tries, silence and credential.
    client::Options client_options(client::Endpoint endpoint, Secret credential) const;
    /// The key for a server: flags, the profile's, the one of `obliv login`, OBLIV_TOKEN. Empty
    /// when there is none.
    Result<Secret> credential(const client::Endpoint& endpoint) const;

    /// Whether a question may be put to a person.
    bool may_ask() const;
    /// `ok` when the person (or --yes) agrees; `cancelled` when they do not.
    Result<void> confirm(const std::string& question) const;
    /// What the latest reply said about itself.
    ReplyFacts reply_facts() const;

private:
    std::unique_ptr<client::Client> client_;
};

/// `--key-file`, `--key-stdin`: how a key is given to a command.
std::vector<Flag> key_flags(const std::string& whose);
/// The key that these flags name; nothing when neither was given.
Result<std::optional<Secret>> key_of_flags(const Values& values);

}  // namespace obliv::cli
