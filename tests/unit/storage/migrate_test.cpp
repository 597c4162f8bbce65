#include "core/storage/sqlite/migrate.hpp"

#include "core/storage/sqlite/query.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::storage;
using namespace obliv::storage::sqlite;
using test::must;

namespace {

/// Everything that the schema consists of, as SQL.
std::string schema_of(Connection& connection) {
    Query query(connection, "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE name "
                            "NOT LIKE 'sqlite_stat%' ORDER BY type, name");
    std::string all;
    while (must(query.step())) {
        std::string type;
        std::string name;
        std::string sql;
        query.read(type, name, sql);
        all += type + " " + name + " " + sql + "\n";
    }
    return all;
}

std::int64_t count(Connection& connection, const std::string& table) {
    std::int64_t rows = 0;
    Query query(connection, "SELECT count(*) FROM " + table);
    must(query.step());
    query.read(rows);
    return rows;
}

/// One row in every table that a step may have to carry along, in the columns of the first step.
void fill(Connection& connection) {
    must(connection.run(
        "INSERT INTO token (tenant, user, account, name, digest, hint, role, grp, models, "
        "requests_per_minute, concurrent_max, created_at) VALUES (1, 1, 10, 't', x'00', 'h', 0, "
        "'default', '[]', 0, 0, 1);"
        "INSERT INTO channel (tenant, name, type, base_url, models, aliases, groups, priority, "
        "weight, enabled, created_at, updated_at) VALUES (1, 'c', 'openai', '', '[]', "
        "'{}', '[]', 0, 1, 1, 1, 1);"
        "INSERT INTO channel_key VALUES (1, 0, x'00');"
        "INSERT INTO price (tenant, model, effective_from, removed, input, output, per_call) "
        "VALUES (1, 'm', 0, 0, 1, 1, 0);"
        "INSERT INTO charge (id, account, token, cost) VALUES (1, 10, 1, 0);"
        "INSERT INTO usage_row (id, account, token, cost) VALUES (1, 10, 1, 0);"
        "INSERT INTO transfer VALUES (2, 1, 2, 10, 5, 0, '', 'op')"));
}

constexpr Migration steps[] = {
    {1, "one", "-- why\n-- up\nCREATE TABLE a (x);\n-- down\nDROP TABLE a;\n"},
    {2, "two", "-- why\n-- up\nCREATE TABLE b (x);\n-- down\nDROP TABLE b;\n"},
};
constexpr Migration other_steps[] = {
    {1, "one", "-- why\n-- up\nCREATE TABLE a (y);\n-- down\nDROP TABLE a;\n"},
};
constexpr Migration broken_steps[] = {
    steps[0],
    {2, "bad", "-- why\n-- up\nCREATE TABLE c (x); CREATE TABLE a (x);\n-- down\nSELECT 1;\n"},
};

struct Fixture {
    test::TempFolder folder;
    std::string path = folder.file("store.db");
    std::unique_ptr<Connection> connection = must(Connection::open(path, Access::write));
};

}  // namespace

TEST_CASE("each migration goes up, down and up again to the same schema, with rows in it",
          "[storage]") {
    Fixture fixture;
    auto& connection = *fixture.connection;
    auto known = embedded_migrations();
    REQUIRE(known.size() >= 1);
    must(migrate(connection, known, 0, {}));
    for (int version = 1; version <= static_cast<int>(known.size()); ++version) {
        CAPTURE(version);
        CHECK(known[static_cast<std::size_t>(version - 1)].version == version);
        auto before = schema_of(connection);
        must(migrate(connection, known, version, {}));
        auto after = schema_of(connection);
        CHECK(after != before);
        if (version == 1)
            fill(connection);
        must(migrate(connection, known, version - 1, {}));
        CHECK(schema_of(connection) == before);
        must(migrate(connection, known, version, {}));
        CHECK(schema_of(connection) == after);
        if (version == 1)
            fill(connection);
        for (const char* table : {"token", "channel", "price", "charge", "usage_row", "transfer"}) {
            CAPTURE(table);
            CHECK(count(connection, table) == 1);
        }
    }
    CHECK(count(connection, "account") == 4);
    must(migrate(connection, known, 0, {}));
    CHECK(schema_of(connection).find("account") == std::string::npos);
}

TEST_CASE("what is pending is named, and recorded when done", "[storage]") {
    Fixture fixture;
    auto state = must(read_state(*fixture.connection, steps));
    CHECK(state.current == 0);
    CHECK(state.newest == 2);
    REQUIRE(state.pending.size() == 2);
    CHECK(state.pending[1].name == "two");
    state = must(migrate(*fixture.connection, steps, 1, {}));
    CHECK(state.current == 1);
    CHECK(state.pending.size() == 1);
    state = must(migrate(*fixture.connection, steps, 2, {}));
    CHECK(state.pending.empty());
    CHECK(count(*fixture.connection, "schema_migration") == 2);
}

TEST_CASE("a schema newer than the program is refused by both numbers", "[storage]") {
    Fixture fixture;
    must(migrate(*fixture.connection, steps, 2, {}));
    auto state = read_state(*fixture.connection, std::span(steps).first(1));
    REQUIRE_FALSE(state);
    CHECK(state.error().code == Code::config_invalid);
    CHECK(state.error().message.find("version 2") != std::string::npos);
    CHECK(state.error().message.find("up to 1") != std::string::npos);
}

TEST_CASE("a step that was applied in another form is refused", "[storage]") {
    Fixture fixture;
    must(migrate(*fixture.connection, steps, 1, {}));
    auto state = read_state(*fixture.connection, other_steps);
    REQUIRE_FALSE(state);
    CHECK(state.error().code == Code::config_invalid);
}

TEST_CASE("a step that fails in the middle leaves nothing of itself", "[storage]") {
    Fixture fixture;
    must(migrate(*fixture.connection, broken_steps, 1, {}));
    auto before = schema_of(*fixture.connection);
    auto state = migrate(*fixture.connection, broken_steps, 2, {});
    REQUIRE_FALSE(state);
    CHECK(state.error().message.find("2 (bad)") != std::string::npos);
    CHECK(schema_of(*fixture.connection) == before);
    CHECK(must(read_state(*fixture.connection, broken_steps)).current == 1);
}

TEST_CASE("a version that does not exist is a usage error", "[storage]") {
    Fixture fixture;
    for (int version : {-1, 3}) {
        auto state = migrate(*fixture.connection, steps, version, {});
        REQUIRE_FALSE(state);
        CHECK(state.error().code == Code::usage);
    }
}

TEST_CASE("the state of a store can be read without making one", "[storage]") {
    test::TempFolder folder;
    Options options;
    options.path = folder.file("none.db");
    auto state = must(schema_state(options));
    CHECK(state.current == 0);
    CHECK(state.pending.size() == static_cast<std::size_t>(state.newest));
    auto missing = Connection::open(options.path, Access::read);
    CHECK_FALSE(missing);

    state = must(migrate_to(options, state.newest));
    CHECK(state.current == state.newest);
    CHECK(must(schema_state(options)).pending.empty());
    must(migrate_to(options, 0));
    options.migrate = false;
    auto opened = Database::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::config_invalid);
}
