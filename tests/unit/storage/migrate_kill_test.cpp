// Real processes, killed while they migrate: before and after the statements of each step.
#include "core/storage/sqlite/migrate.hpp"
#include "core/storage/sqlite/query.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace obliv;
using namespace obliv::storage;
using namespace obliv::storage::sqlite;
using test::must;

namespace {

constexpr int rounds_max = 2000;

int moments_left = 0;

/// Called by SQLite when a statement begins and when it has ended.
int on_moment(unsigned, void*, void*, void*) {
    if (--moments_left == 0)
        ::kill(::getpid(), SIGKILL);
    return 0;
}

/// Watches each connection that is opened from now on.
int watch(sqlite3* handle, const char**, const void*) {
    return sqlite3_trace_v2(handle, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, on_moment, nullptr);
}

/// Opens the store as a daemon does at its start, and dies at the given moment. True: there was no
/// such moment, and the store is migrated.
bool finishes_before(int moment, const Options& options) {
    auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        moments_left = moment;
        sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch));
        auto state = migrate_to(options, static_cast<int>(embedded_migrations().size()));
        ::_exit(state ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) {
        REQUIRE(WEXITSTATUS(status) == 0);
        return true;
    }
    REQUIRE(WTERMSIG(status) == SIGKILL);
    return false;
}

/// Everything that the schema consists of, and how many calls are stored.
std::string contents_of(const std::string& path) {
    auto connection = must(Connection::open(path, Access::read));
    Query query(*connection, "SELECT group_concat(name || coalesce(sql, ''), char(10)) || (SELECT "
                             "count(*) FROM usage_row) || (SELECT max(version) FROM "
                             "schema_migration) FROM (SELECT * FROM sqlite_schema WHERE name NOT "
                             "LIKE 'sqlite_stat%' ORDER BY name)");
    must(query.step());
    std::string text;
    query.read(text);
    return text;
}

void start_and_stop(const Options& options) {
    auto database = must(Database::open(options));
    database->writer().stop();
}

}  // namespace

TEST_CASE("a kill at any moment of a migration leaves a store that the next start migrates",
          "[storage]") {
    test::TempFolder folder;
    Options base;
    base.path = folder.file("base.db");
    bool new_store = GENERATE(true, false);
    CAPTURE(new_store);
    // Else the store of the first release, with a call in it.
    if (!new_store) {
        must(migrate_to(base, 1));
        auto connection = must(Connection::open(base.path, Access::write));
        must(connection->run("INSERT INTO charge (id, account, token, cost) VALUES (1, 10, 1, 0);"
                             "INSERT INTO usage_row (id, account, token, cost) VALUES (1, 10, 1, "
                             "0)"));
    }
    auto copy_of_base = [&](const std::string& name) {
        Options options;
        options.path = folder.file(name);
        if (!new_store)
            std::filesystem::copy_file(base.path, options.path);
        return options;
    };
    auto never_killed = copy_of_base("whole.db");
    start_and_stop(never_killed);
    auto expected = contents_of(never_killed.path);

    // The first step is long and much the same throughout; a sample of it is enough.
    int stride = new_store ? 7 : 1;
    int moment = 1;
    for (; moment < rounds_max; moment += stride) {
        auto name = std::to_string(moment);
        auto options = copy_of_base(name + ".db");
        if (finishes_before(moment, options))
            break;
        CAPTURE(moment);
        start_and_stop(options);
        REQUIRE(contents_of(options.path) == expected);
    }
    // Both ends of BEGIN, COMMIT and one statement of each step at the least.
    CHECK(moment > 6 * static_cast<int>(embedded_migrations().size() - 1));
    CHECK(moment < rounds_max);
}
