#include "tests/unit/storage/store.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

using namespace obliv;
using namespace obliv::storage;
using test::must;
using test::TestStore;

namespace {

Token sample_token(const std::string& name) {
    Token token;
    token.tenant = first_tenant;
    token.user = first_user;
    token.account = admin_account;
    token.name = name;
    token.digest = sha256(name);
    token.hint = "sk-…abcd";
    token.role = TokenRole::admin;
    token.group = "gold";
    token.models = {"gpt-4*", "claude"};
    token.budget = Money::dollars(5);
    token.requests_per_minute = 60;
    token.concurrent_max = 3;
    token.expires_at = from_unix_nanos(99);
    return token;
}

Channel sample_channel(const std::string& name) {
    Channel channel;
    channel.tenant = first_tenant;
    channel.name = name;
    channel.type = "openai";
    channel.base_url = "https://example.invalid/v1";
    channel.keys = {Secret("sk-the-first-upstream-key"), Secret("sk-the-second-upstream-key")};
    channel.models = {"a", "b*"};
    channel.aliases = {{"asked", "upstream"}};
    channel.groups = {"default", "gold"};
    channel.priority = -2;
    channel.weight = 9;
    channel.enabled = false;
    channel.proxy = "http://127.0.0.1:1";
    channel.idle_timeout = std::chrono::milliseconds(1500);
    return channel;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a new store has its tenant, administrator and accounts", "[storage]") {
    TestStore store;
    auto rows = must(store.read([](Session& s) { return s.accounts().all(); }));
    REQUIRE(rows.size() == 4);
    auto admin = must(store.read([](Session& s) { return s.accounts().get(admin_account); }));
    CHECK(admin.kind == AccountKind::unlimited);
    CHECK(admin.user == first_user);
    CHECK(admin.tenant == first_tenant);
    CHECK(admin.balance == Money{});
    for (auto id : {revenue_account, funding_account, loss_account}) {
        auto row = must(store.read([id](Session& s) { return s.accounts().get(id); }));
        CHECK(row.kind == AccountKind::system);
        CHECK_FALSE(row.user);
    }
}

TEST_CASE("the store's files are for their owner only", "[storage]") {
    TestStore store;
    for (auto* suffix : {"", "-wal", "-shm", ".lock"}) {
        struct stat status {};
        auto path = store.options.path + suffix;
        CAPTURE(path);
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 077) == 0);
    }
}

TEST_CASE("a token comes back as it was stored", "[storage]") {
    TestStore store;
    auto token = sample_token("ci");
    auto id = must(store.write([&](Session& s) { return s.tokens().insert(token); }));
    auto row = must(store.read([&](Session& s) { return s.tokens().get(id); }));
    CHECK(row.id == id);
    CHECK(row.account == token.account);
    CHECK(row.digest == token.digest);
    CHECK(row.hint == token.hint);
    CHECK(row.role == token.role);
    CHECK(row.group == token.group);
    CHECK(row.models == token.models);
    CHECK(row.budget == token.budget);
    CHECK(row.spent == Money{});
    CHECK(row.requests_per_minute == 60);
    CHECK(row.concurrent_max == 3);
    CHECK(row.expires_at == token.expires_at);
    CHECK_FALSE(row.revoked_at);
    CHECK(row.created_at > from_unix_nanos(0));
    CHECK(must(store.read([&](Session& s) { return s.tokens().find("ci"); })).id == id);

    row.budget.reset();
    row.name = "renamed";
    row.revoked_at = from_unix_nanos(5);
    must(store.write([&](Session& s) { return s.tokens().update(row); }));
    auto after = must(store.read([&](Session& s) { return s.tokens().find("renamed"); }));
    CHECK_FALSE(after.budget);
    CHECK(after.revoked_at == from_unix_nanos(5));
    CHECK(after.created_at == row.created_at);
}

TEST_CASE("a token's name is taken until the token is removed", "[storage]") {
    TestStore store;
    auto id = must(store.write([](Session& s) { return s.tokens().insert(sample_token("n")); }));
    auto other = sample_token("n");
    other.digest = sha256("other");
    auto again = store.write([&](Session& s) { return s.tokens().insert(other); });
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Code::conflict);
    must(store.write([&](Session& s) { return s.tokens().remove(id); }));
    auto gone = store.read([&](Session& s) { return s.tokens().get(id); });
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == Code::not_found);
    auto next = must(store.write([&](Session& s) { return s.tokens().insert(other); }));
    CHECK(next != id);
    CHECK(must(store.read([](Session& s) { return s.tokens().all(); })).size() == 1);
    auto removed_twice = store.write([&](Session& s) { return s.tokens().remove(id); });
    REQUIRE_FALSE(removed_twice);
    CHECK(removed_twice.error().code == Code::not_found);
}

TEST_CASE("a token whose account does not exist is refused", "[storage]") {
    TestStore store;
    auto token = sample_token("x");
    token.account = AccountId{999};
    auto done = store.write([&](Session& s) { return s.tokens().insert(token); });
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Code::conflict);
}

TEST_CASE("a channel comes back as it was stored", "[storage]") {
    TestStore store;
    auto channel = sample_channel("eu");
    auto id = must(store.write([&](Session& s) { return s.channels().insert(channel); }));
    auto row = must(store.read([&](Session& s) { return s.channels().get(id); }));
    CHECK(row.name == "eu");
    CHECK(row.type == channel.type);
    CHECK(row.base_url == channel.base_url);
    CHECK(row.keys == channel.keys);
    CHECK(row.models == channel.models);
    CHECK(row.aliases == channel.aliases);
    CHECK(row.groups == channel.groups);
    CHECK(row.priority == -2);
    CHECK(row.weight == 9);
    CHECK_FALSE(row.enabled);
    CHECK(row.proxy == channel.proxy);
    CHECK(row.idle_timeout == channel.idle_timeout);
    CHECK_FALSE(row.connect_timeout);

    row.keys = {Secret("sk-a-new-key")};
    row.enabled = true;
    must(store.write([&](Session& s) { return s.channels().update(row); }));
    auto after = must(store.read([](Session& s) { return s.channels().find("eu"); }));
    CHECK(after.keys == row.keys);
    CHECK(after.enabled);
    CHECK(must(store.read([](Session& s) { return s.channels().all(); })).size() == 1);

    must(store.write([&](Session& s) { return s.channels().remove(id); }));
    CHECK(must(store.read([](Session& s) { return s.channels().all(); })).empty());
    CHECK(must(store.write([&](Session& s) { return s.channels().insert(channel); })) != id);
}

TEST_CASE("the text of a channel's key is in no file of the store", "[storage]") {
    TestStore store;
    must(store.write([](Session& s) { return s.channels().insert(sample_channel("eu")); }));
    auto log = bytes_of(store.options.path + "-wal");
    REQUIRE(log.find("example.invalid") != std::string::npos);
    CHECK(log.find("upstream-key") == std::string::npos);
    store.close();
    auto file = bytes_of(store.options.path);
    REQUIRE(file.find("example.invalid") != std::string::npos);
    CHECK(file.find("upstream-key") == std::string::npos);
}

TEST_CASE("another master key is refused when the store is opened", "[storage]") {
    TestStore store;
    store.close();
    store.options.master_key.fill(8);
    auto opened = Database::open(store.options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::config_invalid);
    CHECK(opened.error().message.find("master key") != std::string::npos);
}

TEST_CASE("a sealed key that is moved to another channel does not open", "[storage]") {
    TestStore store;
    must(store.write([](Session& s) { return s.channels().insert(sample_channel("one")); }));
    must(store.write([](Session& s) { return s.channels().insert(sample_channel("two")); }));
    store.close();
    auto sql = "sqlite3 '" + store.options.path +
               "' 'UPDATE channel_key SET sealed = (SELECT sealed FROM channel_key WHERE channel "
               "= 1 AND position = 0) WHERE channel = 2'";
    if (std::system("command -v sqlite3 >/dev/null") != 0)
        return;  // the tool is not part of what has to be installed
    REQUIRE(std::system(sql.c_str()) == 0);
    store.open();
    auto row = store.read([](Session& s) { return s.channels().find("two"); });
    REQUIRE_FALSE(row);
    CHECK(row.error().code == Code::corrupt);
}

TEST_CASE("an account's kind and limit change, its balance does not", "[storage]") {
    TestStore store;
    Account account;
    account.tenant = first_tenant;
    account.name = "team";
    account.balance = Money::dollars(100);
    auto id = must(store.write([&](Session& s) { return s.accounts().insert(account); }));
    auto row = must(store.read([](Session& s) { return s.accounts().find("team"); }));
    CHECK(row.id == id);
    CHECK(row.kind == AccountKind::prepaid);
    CHECK(row.balance == Money{});
    row.kind = AccountKind::credit;
    row.credit_limit = Money::dollars(3);
    row.balance = Money::dollars(100);
    CHECK_FALSE(row.degraded.any());
    row.degraded = {{{"big", "small"}, {"o3*", "o3-mini"}}, 7, 2};
    auto degraded = row.degraded;
    must(store.write([&](Session& s) { return s.accounts().update(row); }));
    row = must(store.read([&](Session& s) { return s.accounts().get(id); }));
    CHECK(row.degraded == degraded);
    CHECK(row.kind == AccountKind::credit);
    CHECK(row.credit_limit == Money::dollars(3));
    CHECK(row.balance == Money{});
    auto again = store.write([&](Session& s) { return s.accounts().insert(account); });
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Code::conflict);
    auto missing = store.read([](Session& s) { return s.accounts().get(AccountId{77}); });
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Code::not_found);
}

TEST_CASE("pages of a list are complete, in order and do not overlap", "[storage]") {
    TestStore store;
    must(store.write([](Session& s) -> Result<void> {
        for (int i = 0; i < 7; ++i)
            must(s.tokens().insert(sample_token("t" + std::to_string(i))));
        return ok();
    }));
    for (bool descending : {false, true}) {
        std::vector<std::int64_t> seen;
        PageRequest request{0, 3, descending};
        for (;;) {
            auto page = must(store.read([&](Session& s) { return s.tokens().page(request); }));
            for (const auto& row : page.rows)
                seen.push_back(row.id.value);
            if (!page.next)
                break;
            CHECK(page.rows.size() == 3);
            request.after = *page.next;
        }
        REQUIRE(seen.size() == 7);
        CHECK(std::is_sorted(seen.begin(), seen.end(),
                             [&](auto a, auto b) { return descending ? a > b : a < b; }));
    }
    auto exact = must(store.read([](Session& s) { return s.tokens().page({0, 7, false}); }));
    CHECK_FALSE(exact.next);
}

TEST_CASE("the newest version of a price counts from its time on", "[storage]") {
    TestStore store;
    auto put = [&](std::int64_t from, std::int64_t output, bool removed) {
        auto row = test::nano_price("m");
        row.effective_from = from_unix_nanos(from);
        row.price.output = Money::nanos(output);
        row.price.cache_read = Money::nanos(3);
        row.removed = removed;
        return must(store.write([&](Session& s) { return s.prices().append(row); }));
    };
    auto first = put(10, 1, false);
    auto second = put(20, 2, false);
    auto third = put(20, 3, false);
    put(30, 0, true);
    auto at = [&](std::int64_t now) {
        return must(
            store.read([&](Session& s) { return s.prices().current(from_unix_nanos(now)); }));
    };
    CHECK(at(9).empty());
    REQUIRE(at(19).size() == 1);
    CHECK(at(19)[0].price.id == first);
    CHECK(at(20)[0].price.id == third);
    auto next = [&](std::int64_t now) {
        auto time = must(
            store.read([&](Session& s) { return s.prices().next_change(from_unix_nanos(now)); }));
        return time ? unix_nanos(*time) : -1;
    };
    CHECK(next(19) == 20);
    CHECK(next(20) == 30);
    CHECK(next(30) == -1);
    CHECK(at(20)[0].price.cache_read == Money::nanos(3));
    CHECK_FALSE(at(20)[0].price.reasoning);
    CHECK(at(30).empty());
    auto history = must(store.read([](Session& s) { return s.prices().history("m"); }));
    REQUIRE(history.size() == 4);
    CHECK(history[0].removed);
    CHECK(history[3].price.id == first);
    CHECK(must(store.read([&](Session& s) { return s.prices().get(second); })).price.output ==
          Money::nanos(2));
}

TEST_CASE("a price keeps its tiers, its part for batches and what it is meant for", "[storage]") {
    TestStore store;
    auto put = [&](const PriceRow& row) {
        return must(store.write([&](Session& s) { return s.prices().append(row); }));
    };
    auto plain = test::nano_price("m");
    put(plain);
    auto row = plain;
    row.channel = ChannelId{7};
    row.variant = "1024x1024/hd";
    row.price.batch_millionths = 250'000;
    row.price.tiers.resize(2);
    row.price.tiers[0].above = 1000;
    row.price.tiers[0].prices.output = Money::nanos(2);
    row.price.tiers[1].above = 5000;
    row.price.tiers[1].prices.input = Money::max();
    row.price.tiers.back().prices.audio_out = Money::nanos(0);
    row.price.tiers.back().prices.cache_write_5m = Money::nanos(8);
    row.price.id = put(row);
    auto rows =
        must(store.read([&](Session& s) { return s.prices().current(from_unix_nanos(100)); }));
    REQUIRE(rows.size() == 2);
    CHECK_FALSE(rows[0].channel);
    CHECK(rows[0].price.tiers.empty());
    CHECK(rows[1].channel == row.channel);
    CHECK(rows[1].channel_name.empty());
    CHECK(rows[1].variant == row.variant);
    CHECK(rows[1].price == row.price);
    CHECK(must(store.read([](Session& s) { return s.prices().history("m"); })).size() == 2);
}

TEST_CASE("a reader cannot write, and sees one state", "[storage]") {
    TestStore store;
    auto done = store.read([](Session& s) { return s.tokens().insert(sample_token("x")); });
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Code::io);
    must(store.read([&](Session& s) -> Result<void> {
        auto before = must(s.tokens().all()).size();
        must(store.write([](Session& w) { return w.tokens().insert(sample_token("y")); }));
        CHECK(must(s.tokens().all()).size() == before);
        return ok();
    }));
    CHECK(must(store.read([](Session& s) { return s.tokens().all(); })).size() == 1);
}

TEST_CASE("only one process may write the store", "[storage]") {
    TestStore store;
    auto second = Database::open(store.options);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::conflict);
    CHECK(second.error().message.find("in use") != std::string::npos);
    auto migrated = migrate_to(store.options, 0);
    REQUIRE_FALSE(migrated);
    CHECK(migrated.error().code == Code::conflict);
}

TEST_CASE("a folder that does not exist is an io error", "[storage]") {
    Options options;
    options.path = "/nonexistent/folder/oblivd.db";
    auto opened = Database::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::io);
}

TEST_CASE("a file that is no store is reported as such", "[storage]") {
    test::TempFolder folder;
    Options options;
    options.path = folder.file("oblivd.db");
    std::ofstream(options.path) << std::string(8192, 'x');
    auto opened = Database::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::corrupt);
}
