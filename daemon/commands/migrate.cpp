#include "core/base/text.hpp"
#include "core/storage/store.hpp"
#include "daemon/commands/settings.hpp"
#include "daemon/commands/verbs.hpp"
#include "daemon/ops/state_folder.hpp"

namespace obliv::daemon {
namespace {

Result<int> target_of(const Invocation& invocation, const storage::SchemaState& state) {
    auto given = invocation.value("--to");
    if (!given)
        return state.newest;
    auto number = parse_int(*given);
    if (!number || *number < 0 || *number > state.newest)
        return fail(Code::usage, "--to: expected a version from 0 to " +
                                     std::to_string(state.newest) + ", got '" + visible(*given) +
                                     "'");
    return static_cast<int>(*number);
}

std::string steps(const storage::SchemaState& state, int target) {
    if (state.current == target)
        return "nothing to do: the database has version " + std::to_string(target) + "\n";
    auto out =
        "from version " + std::to_string(state.current) + " to " + std::to_string(target) + ":\n";
    for (const auto& step : state.pending)
        if (step.version <= target)
            out += "  up " + std::to_string(step.version) + " " + visible(step.name) + "\n";
    for (int version = state.current; version > target; --version)
        out += "  down " + std::to_string(version) + "\n";
    return out;
}

}  // namespace

Result<void> migrate_database(const Invocation& invocation) {
    auto loaded = load_settings(invocation);
    if (!loaded)
        return loaded.error();
    storage::Options options;
    options.path = loaded->config.storage.path;
    auto state = storage::schema_state(options);
    if (!state)
        return state.error();
    auto target = target_of(invocation, *state);
    if (!target)
        return target.error();
    auto plan = steps(*state, *target);
    if (invocation.has("--dry-run") || state->current == *target)
        return print_out(plan);
    // The daemon would go on with the old schema: it has to be stopped first.
    auto folder = ops::StateFolder::open(loaded->config.server.data_dir);
    if (!folder)
        return folder.error();
    auto keys = ops::master_keys(loaded->config, true);
    if (!keys)
        return keys.error();
    options.master_key = keys->current;
    if (auto done = storage::migrate_to(options, *target); !done)
        return done.error();
    return print_out(plan + "done\n");
}

}  // namespace obliv::daemon
