#include "daemon/app/publisher.hpp"

#include "core/loop/run_blocking.hpp"
#include "core/tokenizer/tokenizers.hpp"
#include "daemon/billing/billing.hpp"
#include "daemon/relay/proofs.hpp"
#include "daemon/upstream/pool.hpp"
#include "daemon/upstream/resolver.hpp"
#include "daemon/upstream/tls.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

using namespace obliv;
using namespace obliv::daemon;
using test::must;

namespace {

struct NoEvents final : channels::EventSink {
    void happened(const channels::Event&) override {}
};

/// A store, and what one loop, which does not run, has of it.
struct World {
    test::TempFolder folder;
    storage::Options options = [this] {
        storage::Options out;
        out.path = folder.file("oblivd.db");
        return out;
    }();
    std::unique_ptr<storage::Database> database = must(storage::Database::open(options));
    std::unique_ptr<billing::Books> books = [this] {
        billing::BooksOptions out;
        out.ring_path = folder.file("intent.ring");
        out.ring_slots = 64;
        return must(billing::Books::open(*database, out));
    }();
    loop::Loops loops{1};
    loop::BlockingPool workers{"worker", 1, 8};
    upstream::Tls tls{{}};
    upstream::Resolver resolver;
    upstream::Pool pool{loops[0], tls, resolver, {}};
    gate::Gate gate{real_clock()};
    channels::Channels channels{1};
    billing::Billing billing{*books, 0, loops[0]};
    cache::AnswerCache answers;
    tokenizer::Tokenizers tokenizers;
    relay::Proofs proofs;
    Bound memory{1 << 20};
    relay::Relay relay{{loops[0], workers, gate, channels, billing, pool, real_clock(), 1, answers,
                        tokenizers, proofs, memory}};
    NoEvents events;
    Publisher publisher{*database, *books, loops, events};

    World() { publisher.attach({{gate, channels, relay}}); }
    ~World() { database->writer().stop(); }

    // Into the store only.
    AccountId add_account(const std::string& name, storage::Degraded degraded = {}) {
        storage::Account row;
        row.tenant = storage::first_tenant;
        row.name = name;
        row.degraded = std::move(degraded);
        return must(database->write([&](storage::Session& s) { return s.accounts().insert(row); }));
    }
    TokenId add_token(const std::string& name, AccountId account) {
        storage::Token row;
        row.tenant = storage::first_tenant;
        row.user = storage::first_user;
        row.account = account;
        row.name = name;
        row.digest = sha256(name);
        return must(database->write([&](storage::Session& s) { return s.tokens().insert(row); }));
    }
    std::shared_ptr<const gate::TokenEntry> entry(const std::string& token) const {
        return publisher.token_table()->find(sha256(token));
    }
    bool knows(AccountId id) const { return books->view()->accounts.find(id) != nullptr; }
    bool knows(TokenId id) const { return books->view()->tokens.find(id) != nullptr; }
};

/// Nobody can read a table, until the end of the scope.
class Away {
public:
    Away(const World& world, std::string table)
        : path_(world.options.path), table_(std::move(table)) {
        run("ALTER TABLE " + table_ + " RENAME TO away");
    }
    ~Away() { run("ALTER TABLE away RENAME TO " + table_); }
    Away(const Away&) = delete;
    Away& operator=(const Away&) = delete;

private:
    void run(const std::string& sql) const {
        sqlite3* store = nullptr;
        bool done = sqlite3_open(path_.c_str(), &store) == SQLITE_OK &&
                    sqlite3_busy_timeout(store, 5000) == SQLITE_OK &&
                    sqlite3_exec(store, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
        sqlite3_close(store);
        check(done, "the table is renamed");
    }

    std::string path_;
    std::string table_;
};

}  // namespace

TEST_CASE("a token that could not be published is published with the next one", "[app]") {
    World world;
    auto account = world.add_account("team");
    auto first = world.add_token("first", account);
    {
        Away away(world, "token");
        REQUIRE_FALSE(world.publisher.token(first));
    }
    CHECK_FALSE(world.entry("first"));
    auto second = world.add_token("second", account);
    REQUIRE(world.publisher.token(second));
    CHECK(world.entry("second"));
    CHECK(world.entry("first"));
    CHECK(world.knows(first));
}

TEST_CASE("all tokens that could not be published are published with the next one", "[app]") {
    World world;
    auto account = world.add_account("team");
    auto first = world.add_token("first", account);
    {
        Away away(world, "token");
        REQUIRE_FALSE(world.publisher.tokens());
    }
    REQUIRE(world.publisher.token(world.add_token("second", account)));
    CHECK(world.entry("first"));
    CHECK(world.knows(first));
}

TEST_CASE("an account that could not be published is published with the next one", "[app]") {
    World world;
    auto first = world.add_account("first");
    {
        Away away(world, "account");
        REQUIRE_FALSE(world.publisher.account(first));
    }
    CHECK_FALSE(world.knows(first));
    auto second = world.add_account("second");
    REQUIRE(world.publisher.account(second));
    CHECK(world.knows(second));
    CHECK(world.knows(first));
}

TEST_CASE("what tokens have to know of an account reaches them with the next change", "[app]") {
    World world;
    storage::Degraded degraded;
    degraded.models["dear"] = "cheap";
    auto account = world.add_account("team", degraded);
    REQUIRE(world.publisher.token(world.add_token("t", account)));
    REQUIRE_FALSE(world.entry("t")->degrading);
    {
        Away away(world, "token");
        REQUIRE_FALSE(world.publisher.account(account));
    }
    REQUIRE(world.publisher.account(world.add_account("other")));
    CHECK(world.entry("t")->degrading);
}
