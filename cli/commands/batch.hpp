#pragma once

#include "cli/commands/invocation.hpp"
#include "cli/output/json.hpp"

#include <nlohmann/json.hpp>  // its values are members

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace obliv::cli {

/// What became of the items of a batch that failed, for the last word about all of them.
class Failures {
public:
    explicit Failures(std::size_t items) : items_(items) {}
    void add(const std::string& item, const Error& error) { failed_.emplace_back(item, error); }
    bool none() const noexcept { return failed_.empty(); }
    /// ok when nothing failed; `partial` naming each that did; their own code when all did.
    Result<void> verdict() const;

private:
    std::size_t items_;
    std::vector<std::pair<std::string, Error>> failed_;
};

/// Whether an error would meet every other item too: then a batch ends where it is.
bool stops_batch(Code code) noexcept;

/// What came of one item: something to show (null: nothing), and why it failed if it did.
struct Fate {
    Json result;
    Result<void> done = ok();
};

/// Does something to each of several items and lists what came of each, under `schema`: `item`,
/// `ok`, `result` and `error`. `columns` are shown besides, for example `result.latency_ms`.
Result<void> for_each_item(Invocation& run, const std::string& schema,
                           const std::vector<Column>& columns,
                           const std::vector<std::string>& items,
                           const std::function<Fate(const std::string&)>& step);

/// One change of the management API, made to each argument of a command.
struct ItemChange {
    std::string schema;    ///< of one; several are listed under `obliv.<noun>.<verb>.many/1`
    std::string noun;      ///< `token`
    std::string question;  ///< `Revoke`: asked once for all; empty: nothing is asked
    std::string noted;     ///< `revoked`
    std::string method;
    std::function<std::string(const std::string& item)> path;
    Json body = nullptr;
};

/// Makes the change to every argument. A single one is shown as it was answered.
Result<void> change_each(Invocation& run, const ItemChange& change);

}  // namespace obliv::cli
