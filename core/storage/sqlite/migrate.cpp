#include "core/storage/sqlite/migrate.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/storage/sqlite/query.hpp"

namespace obliv::storage::sqlite {
namespace {

constexpr std::string_view up_mark = "\n-- up\n";
constexpr std::string_view down_mark = "\n-- down\n";
constexpr std::string_view each_mark = "\n-- each\n";
constexpr std::string_view then_mark = "\n-- then\n";

std::string checksum_of(const Migration& step) {
    return to_hex(sha256(step.text));
}

std::string part_of(const Migration& step, bool up) {
    auto begin = step.text.find(up_mark) + up_mark.size();
    auto end = step.text.find(down_mark);
    check(begin < end && end != std::string_view::npos, "a migration has an up and a down part");
    return std::string(up ? step.text.substr(begin, end - begin)
                          : step.text.substr(end + down_mark.size()));
}

std::string label(const Migration& step) {
    return std::to_string(step.version) + " (" + std::string(step.name) + ")";
}

Result<bool> has_table(Connection& connection) {
    Query query(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'schema_migration'");
    return query.step();
}

Error newer_than_us(int version, std::size_t known) {
    auto error = fail(Code::config_invalid,
                      "the store has schema version " + std::to_string(version) +
                          ", and this program knows versions up to " + std::to_string(known));
    error.hint = "run the newer program, or let it migrate down: oblivd migrate --to " +
                 std::to_string(known);
    return error;
}

Result<void> note_step(Connection& connection, const Migration& step, bool up, WallTime now) {
    if (!up)
        return Query(connection, "DELETE FROM schema_migration WHERE version = ?")
            .bind(step.version)
            .run();
    auto checksum = checksum_of(step);
    return Query(connection, "INSERT INTO schema_migration (version, name, checksum, applied_at) "
                             "VALUES (?, ?, ?, ?)")
        .bind(step.version, step.name, checksum, now)
        .run();
}

Result<void> run_each(Connection& connection, const std::string& sql) {
    // All texts first: a table that is being read cannot be dropped.
    std::vector<std::string> statements;
    {
        Query query(connection, sql);
        while (true) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (!*row)
                break;
            query.read(statements.emplace_back());
        }
    }
    for (const auto& statement : statements)
        if (auto done = connection.run(statement); !done)
            return done;
    return ok();
}

Result<void> run_part(Connection& connection, const std::string& part) {
    auto each = part.find(each_mark);
    if (each == std::string::npos)
        return connection.run(part);
    auto begin = each + each_mark.size();
    auto then = part.find(then_mark, begin - 1);
    check(then != std::string::npos, "what is run for each row has an end");
    auto done = connection.run(part.substr(0, each));
    if (done)
        done = run_each(connection, part.substr(begin, then - begin));
    return done ? run_part(connection, part.substr(then + then_mark.size())) : done;
}

Result<void> run_step(Connection& connection, const Migration& step, bool up, WallTime now) {
    // A table may be dropped before the one that it points to: rows are judged at the end.
    auto done = connection.run("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON");
    if (done)
        done = run_part(connection, part_of(step, up));
    if (done)
        done = note_step(connection, step, up, now);
    if (done)
        done = connection.run("COMMIT");
    if (done)
        return ok();
    (void)connection.run("ROLLBACK");
    return std::move(done.error())
        .in(std::string(up ? "migrating up: " : "migrating down: ") + label(step));
}

}  // namespace

Result<SchemaState> read_state(Connection& connection, std::span<const Migration> known) {
    SchemaState state;
    state.newest = static_cast<int>(known.size());
    auto table = has_table(connection);
    if (!table)
        return table.error();
    if (*table) {
        Query query(connection, "SELECT version, checksum FROM schema_migration ORDER BY version");
        for (;;) {
            auto row = query.step();
            if (!row)
                return row.error();
            if (!*row)
                break;
            std::string checksum;
            query.read(state.current, checksum);
            auto index = static_cast<std::size_t>(state.current - 1);
            if (index < known.size() && checksum != checksum_of(known[index]))
                return fail(Code::config_invalid, "migration " + label(known[index]) +
                                                      " of the store is not the one that this "
                                                      "program knows by that number");
        }
    }
    if (state.current > state.newest)
        return newer_than_us(state.current, known.size());
    for (const auto& step : known.subspan(static_cast<std::size_t>(state.current)))
        state.pending.push_back({step.version, std::string(step.name)});
    return state;
}

Result<SchemaState> migrate(Connection& connection, std::span<const Migration> known, int version,
                            WallTime now) {
    auto state = read_state(connection, known);
    if (!state)
        return state;
    if (version < 0 || version > state->newest)
        return fail(Code::usage, "schema versions are 0 to " + std::to_string(state->newest) +
                                     ", not " + std::to_string(version));
    auto done = connection.run("CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER "
                               "PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
                               "applied_at INTEGER NOT NULL)");
    int current = state->current;
    while (done && current != version) {
        bool up = current < version;
        const auto& step = known[static_cast<std::size_t>(up ? current : current - 1)];
        done = run_step(connection, step, up, now);
        current += up ? 1 : -1;
    }
    if (!done)
        return done.error();
    return read_state(connection, known);
}

}  // namespace obliv::storage::sqlite
