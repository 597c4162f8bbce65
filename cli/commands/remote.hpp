#pragma once

#include "cli/commands/invocation.hpp"
#include "cli/output/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// One call of the management API of an oblivd; `path` is what follows `/api/v1`. An empty reply is
/// null.
Result<Json> call(Invocation& run, const std::string& method, const std::string& path);
Result<Json> call(Invocation& run, const std::string& method, const std::string& path,
                  const Json& body);

/// A list call with `--limit`, `--cursor` and the given query, written as a table.
Result<void> show_list(Invocation& run, const std::string& path, const std::string& schema,
                       const std::vector<Column>& columns);

/// Does what changes state, or says under --dry-run what it would do. `noted` is the line told
/// afterwards, in which `{}` stands for name and id of what came back.
Result<Json> change(Invocation& run, const std::string& method, const std::string& path,
                    const Json& body, const std::string& noted);

/// What change() would do, as --dry-run shows it. Fails where the change would: on what is missing.
Result<Json> plan_of(Invocation& run, const std::string& method, const std::string& path,
                     const Json& body);

/// Under --dry-run: `conflict` when this object exists already.
Result<void> expect_missing(Invocation& run, const std::string& path, const std::string& what);

/// The time that a flag means, for a body: `30d` from now, or a time.
Result<Json> time_ahead(std::string_view flag, const std::string& text);

/// The parts of a list flag that was given. `usage` when there are none: an empty list would mean
/// "all" to the server, and a script's empty variable does not.
Result<Json> list_of(const Values& values, const std::string& flag);

/// The object of a flag that is given once for each of its pairs, `form` for example `ALIAS=MODEL`.
Result<Json> pairs_of(const Values& values, const std::string& flag, const std::string& form);

/// One path segment or query value, percent-encoded.
std::string encoded(std::string_view text);

/// Collects `name=value` pairs of flags that were given.
class Query {
public:
    void add(const std::string& name, const std::optional<std::string>& value);
    std::string text() const { return text_.empty() ? "" : "?" + text_; }

private:
    std::string text_;
};

/// `--limit`, `--cursor`.
std::vector<Flag> list_flags();
void add_list_flags(const Values& values, Query& query);

/// The errors that every management call can end with, and these.
std::vector<Code> remote_errors(const std::vector<Code>& more = {});

/// Both lists, in this order.
std::vector<Flag> joined(std::vector<Flag> a, const std::vector<Flag>& b);
void append(std::vector<Command>& verbs, std::vector<Command> more);

}  // namespace obliv::cli
