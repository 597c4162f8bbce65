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
