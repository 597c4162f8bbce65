#include "daemon/app/reconciler.hpp"

#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/reconcile/compare.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

namespace obliv::daemon {
namespace {

namespace fs = std::filesystem;
using storage::Session;
using storage::UsageKey;

constexpr std::size_t files_max = 1000;

std::vector<fs::path> bills_in(const std::string& folder) {
    std::vector<fs::path> out;
    std::error_code trouble;
    for (fs::directory_iterator entry(folder, trouble), end; !trouble && entry != end;
         entry.increment(trouble)) {
        auto kind = entry->path().extension();
        if ((kind == ".csv" || kind == ".json") && entry->is_regular_file(trouble) &&
            out.size() < files_max)
            out.push_back(entry->path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// The channels of the type that the name of a file begins with; all is true if it names none.
std::set<std::int64_t> channels_for(std::string_view name, const Publisher& publisher, bool& all) {
    std::set<std::int64_t> out;
    auto type = name.substr(0, name.find_first_of("-_."));
    for (const auto& entry : publisher.channel_table()->entries())
        if (entry->channel.type == type)
            out.insert(entry->channel.id.value);
    all = out.empty();
    return out;
}

Result<reconcile::Bill> our_figures(const reconcile::Bill& theirs,
                                    const std::set<std::int64_t>& channels, bool all,
                                    storage::Database& database) {
    storage::UsageFilter filter;
    auto first = parse_rfc3339(theirs.lines.begin()->first.first);
    auto last = parse_rfc3339(theirs.lines.rbegin()->first.first);
    if (!first || !last)
        return fail(Code::invalid_request, "a day of the bill is none of the calendar");
    filter.since = *first;
    filter.until = *last + std::chrono::hours(24);
    auto groups = database.read([&](Session& session) {
        return session.usage().report(filter, {UsageKey::day, UsageKey::served, UsageKey::channel});
    });
    if (!groups)
        return groups.error();
    reconcile::Bill ours;
    for (const auto& group : *groups) {
        auto channel = parse_int(group.key[2]).value_or(0);
        if (channel == 0 || (!all && !channels.contains(channel)))
            continue;
        const auto& usage = group.usage;
        reconcile::Line line;
        line.requests = group.requests;
        line.input = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h +
                     usage.audio_in + usage.image_in;
        line.output = usage.output + usage.reasoning + usage.audio_out;
        line.cost = group.cost;
        if (auto added = ours.add(group.key[0], group.key[1], line); !added)
            return added.error();
    }
    return ours;
}

Result<std::vector<std::string>> differences_of(const fs::path& path, storage::Database& database,
                                                const Publisher& publisher) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(Code::io, "the file cannot be opened");
    auto theirs = reconcile::read_bill(file);
    if (!theirs)
        return theirs.error();
    if (theirs->lines.empty())
        return std::vector<std::string>{};
    bool all = false;
    auto channels = channels_for(path.filename().string(), publisher, all);
    auto ours = our_figures(*theirs, channels, all, database);
    if (!ours)
        return ours.error();
    std::vector<std::string> out;
    for (const auto& each : reconcile::compare(*theirs, *ours, reconcile::usual_rule(*theirs)))
        out.push_back(visible(reconcile::text_of(each)));
    return out;
}

}  // namespace

std::vector<Reconciled> reconcile_folder(const std::string& folder, storage::Database& database,
                                         const Publisher& publisher) {
    std::vector<Reconciled> out;
    for (const auto& path : bills_in(folder)) {
        auto& result = out.emplace_back();
        result.file = visible(path.filename().string());
        auto differences = differences_of(path, database, publisher);
        if (differences)
            result.differences = std::move(*differences);
        else
            result.error = differences.error().message;
    }
    return out;
}

}  // namespace obliv::daemon
