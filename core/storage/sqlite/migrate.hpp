#pragma once

#include "core/storage/sqlite/connection.hpp"
#include "core/storage/store.hpp"

#include <span>
#include <string_view>

namespace obliv::storage::sqlite {

/// One step of the schema. The text has a line `-- up` and a line `-- down`, each followed by its
/// statements. Versions count from one without a gap. Between the lines `-- each` and `-- then` a
/// part may have one query, each row of which is a text of statements to run: for tables whose
/// names are known to the store only.
struct Migration {
    int version;
    std::string_view name;
    std::string_view text;
};

/// Every migration of sqlite/migrations, in order.
std::span<const Migration> embedded_migrations() noexcept;

/// Where the schema is. config_invalid: newer than `known`, or an applied step differs from ours.
Result<SchemaState> read_state(Connection& connection, std::span<const Migration> known);
/// Goes up or down to `version`, each step in a transaction of its own.
Result<SchemaState> migrate(Connection& connection, std::span<const Migration> known, int version,
                            WallTime now);

}  // namespace obliv::storage::sqlite
