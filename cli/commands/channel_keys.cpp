#include "cli/commands/channel_keys.hpp"

#include "cli/commands/batch.hpp"
#include "cli/commands/channel_settings.hpp"
#include "cli/commands/remote.hpp"
#include "cli/settings/key_source.hpp"
#include "cli/settings/paths.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>

namespace obliv::cli {
namespace {

Result<std::string> read_stdin() {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > 1u << 20)
            return fail(Code::usage, "stdin holds more than keys");
    }
    return text;
}

const std::vector<Column>& columns() {
    static const std::vector<Column> list{{"id", "ID"},
                                          {"hint", "KEY"},
                                          {"state", "STATE"},
                                          {"rests_until", "RESTS UNTIL"},
                                          {"requests", "CALLS", true},
                                          {"failures", "FAILED", true},
                                          {"requests_this_minute", "THIS MINUTE", true}};
    return list;
}

std::string path_of(const Invocation& run) {
    return "/channels/" + encoded(run.argument(0));
}

Result<void> list(Invocation& run) {
    auto channel = call(run, "GET", path_of(run));
    if (!channel)
        return channel.error();
    return run.output.list("obliv.channel.key.list/1", channel->value("keys", Json::array()),
                           nullptr, columns());
}

Result<void> add(Invocation& run) {
    auto keys = keys_from_flags(run.values);
    if (!keys)
        return keys.error();
    if (keys->is_null())
        return fail(Code::usage, "give the keys by --key-stdin or --key-file");
    auto count = std::to_string(keys->size());
    auto channel = change(run, "POST", path_of(run) + "/keys", Json{{"keys", *keys}},
                          "added " + count + " key(s) to channel {}");
    return channel ? ok() : Result<void>(channel.error());
}

Result<void> remove(Invocation& run) {
    const auto& words = run.values.arguments;
    const std::vector<std::string> keys(words.begin() + 1, words.end());
    auto what =
        keys.size() == 1 ? "key '" + keys.front() + "'" : std::to_string(keys.size()) + " keys";
    auto sure = run.confirm("Remove " + what + " from channel '" + run.argument(0) + "'");
    if (!sure)
        return sure;
    if (run.dry_run()) {
        // The path names no object that could be read: the channel has to exist.
        auto there = call(run, "GET", path_of(run));
        if (!there)
            return there.error();
        run.output.note("nothing was changed");
        return ok();
    }
    auto remove_one = [&](const std::string& key) {
        return change(run, "DELETE", path_of(run) + "/keys/" + encoded(key), nullptr,
                      "removed a key from channel {}");
    };
    if (keys.size() == 1) {
        auto channel = remove_one(keys.front());
        return channel ? ok() : Result<void>(channel.error());
    }
    auto step = [&](const std::string& key) {
        auto channel = remove_one(key);
        return Fate{nullptr, channel ? ok() : Result<void>(channel.error())};
    };
    return for_each_item(run, "obliv.channel.key.remove.many/1", {}, keys, step);
}

}  // namespace

Result<Json> keys_in(std::string_view text, const std::string& source) {
    Json keys = Json::array();
    if (trim(text).starts_with('{')) {
        // Files of service accounts have many lines; a key has one.
        auto object = Json::parse(text, nullptr, false);
        if (object.is_discarded())
            return fail(Code::usage, "what is in " + source + " begins like JSON and is none");
        keys.push_back(object.dump(-1, ' ', true));
        return keys;
    }
    for (auto line : split(text, '\n')) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (trim(line).empty())
            continue;
        auto key = checked_key(line, source);
        if (!key)
            return key.error();
        keys.push_back(std::string(key->reveal()));
    }
    if (keys.empty())
        return fail(Code::usage, "there is no key in " + source);
    return keys;
}

Result<Json> keys_from_flags(const Values& values) {
    auto file = values.text("key-file");
    if (!file && !values.has("key-stdin"))
        return Json();
    if (file && values.has("key-stdin"))
        return fail(Code::usage, "--key-file and --key-stdin exclude each other");
    auto text = file ? read_secret_file(*file) : read_stdin();
    if (!text)
        return text.error();
    return keys_in(*text, file ? "the file" : "stdin");
}

Command channel_key_command() {
    const Argument which{.name = "CHANNEL", .help = "Id or name of a channel"};
    auto errors = remote_errors();
    errors.push_back(Code::not_found);
    auto adding = errors;
    adding.push_back(Code::conflict);
    auto removing = errors;
    removing.push_back(Code::partial);
    Command command{.name = "key", .summary = "Manage the keys of a channel"};
    command.verbs = {
        {.name = "list",
         .summary = "List a channel's keys with how each does; never the keys themselves",
         .arguments = {which},
         .examples = {{"obliv channel key list main", "As a table"},
                      {"obliv channel key list main --json", "For a script"}},
         .errors = errors,
         .run = list},
        {.name = "add",
         .summary = "Give a channel more keys",
         .arguments = {which},
         .flags = key_flags("the keys, one a line,"),
         .examples = {{"obliv channel key add main --key-stdin < keys", "One a line"},
                      {"obliv channel key add main --key-file key", "From a file of mode 0600"}},
         .errors = adding,
         .run = add},
        {.name = "remove",
         .summary = "Take keys from a channel",
         .arguments = {which,
                       {.name = "KEY",
                        .help = "The ids that `list` shows",
                        .count = Argument::Count::some}},
         .examples = {{"obliv channel key remove main 1f2e3d4c5b6a", "Asks first"},
                      {"obliv channel key rm main 1f2e3d4c5b6a 9c8b7a6d5e4f -y",
                       "Two, without a question"}},
         .errors = removing,
         .run = remove},
    };
    return command;
}

}  // namespace obliv::cli
