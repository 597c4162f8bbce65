#include "core/storage/sqlite/query.hpp"
#include "core/storage/sqlite/stores.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <sqlite3.h>
#include <sys/resource.h>

using namespace obliv;
using namespace obliv::storage::sqlite;
using test::must;
using test::TempFolder;

namespace {

using Rows = std::map<std::int64_t, std::string>;

/// What a connection finds.
Rows rows_of(Connection& connection) {
    Query query(connection, "SELECT id, data FROM thing");
    Rows rows;
    while (must(query.step())) {
        std::int64_t id = 0;
        std::string data;
        query.read(id, data);
        rows[id] = data;
    }
    return rows;
}

/// A writer with so little memory that it puts pages into the log in the middle of transactions,
/// and a reader beside it.
struct Pair {
    TempFolder folder;
    std::string path = folder.file("a.db");
    std::unique_ptr<Connection> writer = must(Connection::open(path, Access::write));
    std::unique_ptr<Connection> reader;
    Rows committed;

    Pair() {
        must(writer->run("PRAGMA cache_size = 5; PRAGMA cache_spill = 1;"
                         "CREATE TABLE thing (id INTEGER PRIMARY KEY, data TEXT)"));
        reader = must(Connection::open(path, Access::read));
    }
    void put(Rows& rows, std::int64_t id, std::string data) const {
        must(Query(*writer, "INSERT OR REPLACE INTO thing VALUES (?, ?)").bind(id, data).run());
        rows[id] = std::move(data);
    }
    bool reads_alike() const { return rows_of(*reader) == committed; }
};

/// No file of this process grows beyond a size, until the end of the scope.
class FileLimit {
public:
    explicit FileLimit(std::uintmax_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        rlimit now{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

/// The disk of this process is full for SQLite, until the end of the scope. A limit of file sizes
/// is another error to it.
class FullDisk {
public:
    FullDisk() { use(reinterpret_cast<sqlite3_syscall_ptr>(&no_space)); }
    ~FullDisk() { use(nullptr); }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    static ssize_t no_space(int, const void*, std::size_t, off_t) {
        errno = ENOSPC;
        return -1;
    }
    static void use(sqlite3_syscall_ptr call) {
        auto* vfs = sqlite3_vfs_find(nullptr);
        for (const char* name : {"pwrite", "pwrite64"})
            vfs->xSetSystemCall(vfs, name, call);
    }
};

}  // namespace

TEST_CASE("whatever a transaction writes into the log, readers see all of it or nothing",
          "[storage]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    auto pick = [&](std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    };
    Pair pair;
    auto& writer = *pair.writer;
    for (int round = 0; round < 60; ++round) {
        CAPTURE(round);
        auto rows = pair.committed;
        auto change = [&] {
            for (auto count = pick(0, 40); count > 0; --count)
                pair.put(rows, pick(1, 50),
                         std::string(static_cast<std::size_t>(pick(0, 9000)),
                                     static_cast<char>('a' + pick(0, 25))));
        };
        must(writer.run("BEGIN IMMEDIATE"));
        change();
        auto before = rows;
        must(writer.run("SAVEPOINT inner_part"));
        change();
        if (pick(0, 1) == 0) {
            must(writer.run("ROLLBACK TO inner_part"));
            rows = before;
            change();
        }
        REQUIRE(rows_of(writer) == rows);
        REQUIRE(pair.reads_alike());
        bool keeps = pick(0, 2) > 0;
        must(writer.run(keeps ? "COMMIT" : "ROLLBACK"));
        if (keeps)
            pair.committed = rows;
        REQUIRE(pair.reads_alike());
        if (pick(0, 9) == 0)
            must(writer.run("PRAGMA wal_checkpoint(TRUNCATE)"));
    }
    Query check(writer, "PRAGMA integrity_check");
    std::string answer;
    REQUIRE(must(check.step()));
    check.read(answer);
    CHECK(answer == "ok");
}

TEST_CASE("what was rolled back is not written over what another program has stored since",
          "[storage]") {
    Pair pair;
    pair.put(pair.committed, 1, "before");
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(pair.path.c_str(), &other) == SQLITE_OK);
    auto rows = pair.committed;
    must(pair.writer->run("BEGIN IMMEDIATE"));
    for (std::int64_t id = 2; id < 12; ++id)
        pair.put(rows, id, std::string(4000, 'x'));
    must(pair.writer->run("ROLLBACK"));
    // In the same places of the log.
    REQUIRE(sqlite3_exec(other,
                         "WITH n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 11) "
                         "INSERT INTO thing SELECT i, printf('%.4000c', 'z') FROM n",
                         nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(other);
    for (std::int64_t id = 2; id < 12; ++id)
        pair.committed[id] = std::string(4000, 'z');
    must(pair.writer->run("BEGIN IMMEDIATE"));
    pair.put(pair.committed, 12, "after");
    must(pair.writer->run("COMMIT"));
    CHECK(rows_of(*pair.writer) == pair.committed);
    CHECK(rows_of(*must(Connection::open(pair.path, Access::read))) == pair.committed);
}

TEST_CASE("a log that cannot grow fails the transaction, and the next one works", "[storage]") {
    Pair pair;
    pair.put(pair.committed, 1, "before");
    for (std::size_t bytes : {3'000, 30'000, 300'000}) {
        CAPTURE(bytes);
        auto rows = pair.committed;
        {
            FileLimit limit(std::filesystem::file_size(pair.path + "-wal") + 100);
            must(pair.writer->run("BEGIN IMMEDIATE"));
            auto done = Query(*pair.writer, "INSERT INTO thing VALUES (2, ?)")
                            .bind(std::string(bytes, 'x'))
                            .run();
            if (done)
                done = pair.writer->run("COMMIT");
            REQUIRE_FALSE(done);
            CHECK(done.error().code == Code::io);
            (void)pair.writer->run("ROLLBACK");
        }
        CHECK(pair.reads_alike());
        must(pair.writer->run("BEGIN IMMEDIATE"));
        pair.put(rows, 1, std::string(bytes, 'y'));
        must(pair.writer->run("COMMIT"));
        pair.committed = rows;
        CHECK(pair.reads_alike());
    }
}

TEST_CASE("a log that cannot be read for want of space takes the whole transaction with it",
          "[storage]") {
    Pair pair;
    pair.put(pair.committed, 1, "before");
    auto& writer = *pair.writer;
    auto rows = pair.committed;
    must(writer.run("BEGIN IMMEDIATE"));
    // More than fits into its memory, and less than is gathered before it is written.
    for (std::int64_t id = 2; id < 12; ++id)
        pair.put(rows, id, std::string(3500, 'x'));
    {
        FullDisk full;
        // Reads what those have put into the log, which has to be written for that. Of a statement
        // that changes several rows SQLite would take back no more than this one.
        auto done = writer.run("INSERT INTO thing SELECT id + 100, data FROM thing");
        REQUIRE_FALSE(done);
        CHECK(done.error().code == Code::io);
    }
    (void)writer.run("COMMIT");
    CHECK(pair.reads_alike());
    CHECK(rows_of(writer) == pair.committed);
    must(writer.run("BEGIN IMMEDIATE"));
    pair.put(pair.committed, 2, "after");
    must(writer.run("COMMIT"));
    CHECK(pair.reads_alike());
}
