#include "cli/commands/batch.hpp"

#include "cli/commands/remote.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::cli {
namespace {

std::string quoted(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items)
        text += (text.empty() ? "'" : ", '") + visible(item) + "'";
    return text;
}

/// `obliv.token.revoke.many/1` of `obliv.token.revoke/1`: a list is another document.
std::string many(const std::string& schema) {
    auto slash = schema.find('/');
    return schema.substr(0, slash) + ".many" + schema.substr(slash);
}

Result<void> change_one(Invocation& run, const ItemChange& what, const std::string& item) {
    auto answer = change(run, what.method, what.path(item), what.body,
                         what.method == "DELETE" ? what.noted + " " + what.noun + " " + item
                                                 : what.noted + " " + what.noun + " {}");
    if (!answer)
        return answer.error();
    return answer->is_null() ? ok() : run.output.object(what.schema, *answer);
}

}  // namespace

Result<void> Failures::verdict() const {
    if (failed_.empty())
        return ok();
    std::string each;
    for (const auto& [item, error] : failed_)
        each += (each.empty() ? "" : "; ") + item + ": " + error.message;
    auto all = failed_.size() == items_;
    return fail(all ? failed_.front().second.code : Code::partial,
                std::to_string(failed_.size()) + " of " + std::to_string(items_) +
                    " failed: " + each);
}

bool stops_batch(Code code) noexcept {
    switch (code) {
    case Code::cancelled:
    case Code::config_invalid:
    case Code::timeout:
    case Code::unauthenticated:
    case Code::unavailable:
        return true;
    default:
        return false;
    }
}

Result<void> for_each_item(Invocation& run, const std::string& schema,
                           const std::vector<Column>& columns,
                           const std::vector<std::string>& items,
                           const std::function<Fate(const std::string&)>& step) {
    Failures failures(items.size());
    Json rows = Json::array();
    Result<void> stopped = ok();
    for (const auto& item : items) {
        auto fate = step(item);
        Json row{{"item", item}, {"ok", static_cast<bool>(fate.done)}};
        row["result"] = std::move(fate.result);
        row["error"] = nullptr;
        if (!fate.done) {
            row["error"] = error_json(fate.done.error(), {})["error"];
            failures.add(item, fate.done.error());
            if (stops_batch(fate.done.error().code))
                stopped = std::move(fate.done.error()).in(item);
        }
        rows.push_back(std::move(row));
        if (!stopped)
            break;
    }
    std::vector<Column> shown{{"item", "ITEM"}, {"ok", "OK"}};
    shown.insert(shown.end(), columns.begin(), columns.end());
    shown.push_back({"error.message", "WHY NOT"});
    if (auto listed = run.output.list(schema, rows, nullptr, shown); !listed)
        return listed;
    return stopped ? failures.verdict() : std::move(stopped);
}

Result<void> change_each(Invocation& run, const ItemChange& what) {
    const auto& items = run.values.arguments;
    if (!what.question.empty()) {
        auto noun = what.noun + (items.size() == 1 ? " " : "s ");
        if (auto sure = run.confirm(what.question + " " + noun + quoted(items)); !sure)
            return sure;
    }
    if (items.size() == 1)
        return change_one(run, what, items.front());
    auto step = [&](const std::string& item) {
        auto answer = run.dry_run() ? plan_of(run, what.method, what.path(item), what.body)
                                    : call(run, what.method, what.path(item), what.body);
        if (!answer)
            return Fate{nullptr, answer.error()};
        if (!run.dry_run())
            run.output.note(what.noted + " " + what.noun + " " + item);
        return Fate{std::move(*answer), ok()};
    };
    auto done = for_each_item(run, many(what.schema), {}, items, step);
    if (run.dry_run())
        run.output.note("nothing was changed");
    return done;
}

}  // namespace obliv::cli
