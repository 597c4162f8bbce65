#include "daemon/gate/gate.hpp"

#include "tests/support/fake_clock.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::gate;
using obliv::test::FakeClock;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view key = "sk-alice";

storage::Token alice() {
    storage::Token token;
    token.id = TokenId{7};
    token.name = "alice";
    token.digest = sha256(key);
    return token;
}

struct Door {
    FakeClock clock;
    Gate gate{clock};
    std::shared_ptr<const TokenTable> table;

    void publish(const storage::Token& token) {
        table = TokenTable::build({token}, table.get());
        gate.publish(table);
    }
    Code refusal(std::string_view credential) {
        auto caller = gate.authenticate(credential);
        REQUIRE(!caller);
        return caller.error().code;
    }
};

}  // namespace

TEST_CASE("a key that was used a moment ago is found as the table has it now", "[gate]") {
    Door door;
    std::vector<storage::Token> tokens;
    for (int i = 0; i < 300; ++i) {
        auto token = alice();
        token.id = TokenId{i + 1};
        token.digest = sha256("sk-" + std::to_string(i));
        tokens.push_back(token);
    }
    door.gate.publish(TokenTable::build(tokens, nullptr));
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < 300; ++i) {
            auto caller = door.gate.authenticate("sk-" + std::to_string(i));
            REQUIRE(caller);
            CHECK((*caller)->token.id == TokenId{i + 1});
            CHECK(door.refusal("sk+" + std::to_string(i)) == Code::unauthenticated);
        }
    tokens.pop_back();
    CHECK(door.gate.authenticate("sk-299"));
    door.gate.publish(TokenTable::build(tokens, nullptr));
    CHECK(door.refusal("sk-299") == Code::unauthenticated);
}

TEST_CASE("a table that differs by one token has all the others", "[gate]") {
    Door door;
    auto bob = alice();
    bob.id = TokenId{8};
    bob.digest = sha256("sk-bob");
    door.table = TokenTable::build({alice(), bob}, nullptr);
    auto limits = door.table->find(sha256(key))->limits;

    auto renamed = alice();
    renamed.name = "carol";
    renamed.digest = sha256("sk-carol");
    auto changed = door.table->with(renamed);
    door.gate.publish(changed);
    CHECK(door.refusal(key) == Code::unauthenticated);
    auto caller = door.gate.authenticate("sk-carol");
    REQUIRE(caller);
    CHECK((*caller)->token.name == "carol");
    CHECK((*caller)->limits == limits);
    CHECK(changed->find(sha256("sk-bob")) == door.table->find(sha256("sk-bob")));
    CHECK(changed->size() == 2);

    door.gate.publish(changed->without(TokenId{7}));
    CHECK(door.refusal("sk-carol") == Code::unauthenticated);
    CHECK(door.gate.authenticate("sk-bob"));
    CHECK(changed->without(TokenId{9})->size() == 2);
    CHECK(door.table->find(sha256(key)) != nullptr);
}

TEST_CASE("only a key that was issued, is not revoked and has not expired opens", "[gate]") {
    Door door;
    CHECK(door.refusal(key) == Code::unauthenticated);
    door.publish(alice());
    auto caller = door.gate.authenticate(key);
    REQUIRE(caller);
    CHECK((*caller)->token.id == TokenId{7});
    CHECK(door.refusal("") == Code::unauthenticated);
    CHECK(door.refusal("sk-alicf") == Code::unauthenticated);
    CHECK(door.refusal(std::string(key) + " ") == Code::unauthenticated);

    auto revoked = alice();
    revoked.revoked_at = door.clock.wall();
    door.publish(revoked);
    CHECK(door.refusal(key) == Code::unauthenticated);

    auto expiring = alice();
    expiring.expires_at = door.clock.wall() + 10s;
    door.publish(expiring);
    CHECK(door.gate.authenticate(key));
    door.clock.advance(10s);
    CHECK(door.refusal(key) == Code::unauthenticated);
}

TEST_CASE("the refusal never tells the key", "[gate]") {
    Door door;
    auto caller = door.gate.authenticate("sk-secret-of-mine");
    REQUIRE(!caller);
    CHECK(caller.error().message.find("secret") == std::string::npos);
}

TEST_CASE("a token calls the models it was given, and no other", "[gate]") {
    Door door;
    auto token = alice();
    token.models = {"gpt-4o", "claude-*"};
    door.publish(token);
    auto caller = door.gate.authenticate(key);
    REQUIRE(caller);
    CHECK(door.gate.limit(*caller, "gpt-4o"));
    CHECK(door.gate.limit(*caller, "claude-3"));
    auto refused = door.gate.limit(*caller, "gpt-4o-mini");
    REQUIRE(!refused);
    CHECK(refused.error().code == Code::forbidden);
    CHECK(refused.error().param == "model");
}

TEST_CASE("a token whose patterns cannot be read calls nothing", "[gate]") {
    Door door;
    auto token = alice();
    token.models = {"/(/"};
    door.publish(token);
    CHECK(!door.gate.limit(*door.gate.authenticate(key), "gpt-4o"));
}

TEST_CASE("a permit is a place that is given back when it goes", "[gate]") {
    Door door;
    auto token = alice();
    token.concurrent_max = 1;
    door.publish(token);
    auto caller = *door.gate.authenticate(key);
    {
        auto first = door.gate.limit(caller, "m");
        REQUIRE(first);
        auto second = door.gate.limit(caller, "m");
        REQUIRE(!second);
        CHECK(second.error().code == Code::rate_limited);
        CHECK(second.error().retry_after);
        Permit moved = std::move(*first);
        CHECK(!door.gate.limit(caller, "m"));
    }
    CHECK(door.gate.limit(caller, "m"));
}

TEST_CASE("a call refused for its rate does not keep a place", "[gate]") {
    Door door;
    auto token = alice();
    token.requests_per_minute = 1;
    token.concurrent_max = 1;
    door.publish(token);
    auto caller = *door.gate.authenticate(key);
    CHECK(door.gate.limit(caller, "m"));
    auto refused = door.gate.limit(caller, "m");
    REQUIRE(!refused);
    CHECK(refused.error().retry_after == 60s);
    door.clock.advance(60s);
    CHECK(door.gate.limit(caller, "m"));
}

TEST_CASE("a change of settings does not reset what was used", "[gate]") {
    Door door;
    auto token = alice();
    token.requests_per_minute = 1;
    door.publish(token);
    CHECK(door.gate.limit(*door.gate.authenticate(key), "m"));
    token.name = "alice2";
    door.publish(token);
    CHECK(!door.gate.limit(*door.gate.authenticate(key), "m"));
}

TEST_CASE("an account that is nearly out of money has narrower limits and cheaper models",
          "[gate]") {
    auto balance = std::make_shared<ledger::Balance>(Money::nanos(100), Money{}, Money{});
    auto low = std::make_shared<ledger::LowWater>(balance);
    low->set(Money::nanos(5));
    auto rules = std::make_shared<const storage::Degraded>(storage::Degraded{
        {{"gpt*", "tiny"}, {"gpt-5", "gpt-5-mini"}, {"/^o[0-9]$/", "o-mini"}}, 3, 2});
    DegradingByAccount degrading;
    degrading[AccountId{7}] = std::make_shared<const Degrading>(rules, low);
    auto token = alice();
    token.account = AccountId{7};
    token.requests_per_minute = 2;
    auto stranger = alice();
    stranger.id = TokenId{8};
    stranger.digest = sha256("sk-bob");
    stranger.account = AccountId{8};
    auto table = TokenTable::build({token, stranger}, nullptr, degrading);
    auto caller = table->find(sha256(key));
    auto other = table->find(sha256("sk-bob"));
    CHECK(caller->concurrent_max() == 0);
    CHECK(caller->requests_per_minute() == 2);
    CHECK(caller->instead_of("gpt-5").empty());

    REQUIRE(balance->withdraw(Money::nanos(95)));
    CHECK(caller->concurrent_max() == 2);
    CHECK(caller->requests_per_minute() == 2);  // narrower already
    CHECK(caller->instead_of("gpt-5") == "gpt-5-mini");
    CHECK(caller->instead_of("gpt-4") == "tiny");
    CHECK(caller->instead_of("o3") == "o-mini");
    CHECK(caller->instead_of("o3-pro").empty());
    CHECK(other->concurrent_max() == 0);
    CHECK(other->instead_of("gpt-5").empty());

    FakeClock clock;
    Gate gate(clock);
    gate.publish(table);
    auto first = gate.limit(caller, "gpt-5");
    CHECK(first);
    REQUIRE(balance->deposit(Money::nanos(50)));
    CHECK(caller->concurrent_max() == 0);
    CHECK(caller->instead_of("gpt-5").empty());
}

TEST_CASE("the gate keeps to the narrower limits", "[gate]") {
    auto balance = std::make_shared<ledger::Balance>(Money::nanos(4), Money{}, Money{});
    auto low = std::make_shared<ledger::LowWater>(balance);
    low->set(Money::nanos(5));
    DegradingByAccount degrading;
    degrading[AccountId{7}] = std::make_shared<const Degrading>(
        std::make_shared<const storage::Degraded>(storage::Degraded{{}, 2, 1}), low);
    auto token = alice();
    token.account = AccountId{7};
    auto caller = TokenTable::build({token}, nullptr, degrading)->find(sha256(key));
    FakeClock clock;
    Gate gate(clock);
    {
        auto first = gate.limit(caller, "m");
        REQUIRE(first);
        CHECK_FALSE(gate.check(caller));
        auto second = gate.limit(caller, "m");
        REQUIRE_FALSE(second);
        CHECK(second.error().code == Code::rate_limited);
    }
    CHECK(gate.check(caller));
    CHECK(gate.limit(caller, "m"));
    CHECK_FALSE(gate.check(caller));
    CHECK_FALSE(gate.limit(caller, "m"));
    REQUIRE(balance->deposit(Money::nanos(50)));
    CHECK(gate.limit(caller, "m"));
}
