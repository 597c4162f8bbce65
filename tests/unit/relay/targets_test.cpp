#include "daemon/relay/targets.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::relay;
using namespace std::chrono_literals;

namespace {

Target target_of(storage::Channel row, UpstreamSettings settings = {}) {
    row.id = ChannelId{1};
    auto table = channels::ChannelTable::build({row}, nullptr);
    auto targets = TargetTable::build(*table, settings);
    REQUIRE(targets->find(ChannelId{1}) != nullptr);
    CHECK(targets->find(ChannelId{2}) == nullptr);
    return *targets->find(ChannelId{1});
}

std::string line_of(const Target& target, std::string_view model) {
    const auto* provider = providers::find("openai");
    std::string line;
    target.append_line(line, *provider, *providers::chat_offer(*provider, nullptr), model, true);
    return line;
}

storage::Channel row() {
    storage::Channel channel;
    channel.type = "openai";
    channel.base_url = "http://127.0.0.1:9/v1/";
    channel.keys = {Secret("sk-a"), Secret("sk-b")};
    return channel;
}

}  // namespace

TEST_CASE("a channel is called at its base URL with each of its keys", "[relay]") {
    auto target = target_of(row());
    CHECK(target.problem.empty());
    CHECK(target.endpoint.host == "127.0.0.1");
    CHECK(target.endpoint.port == 9);
    CHECK(!target.endpoint.tls);
    REQUIRE(target.heads.size() == 2);
    CHECK_THAT(target.heads[0], Catch::StartsWith("host: 127.0.0.1:9\r\n"));
    CHECK(line_of(target, "m") == "POST /v1/chat/completions HTTP/1.1\r\n");
    CHECK_THAT(target.heads[0], Catch::Contains("\r\nauthorization: Bearer sk-a\r\n"));
    CHECK_THAT(target.heads[1], Catch::Contains("\r\nauthorization: Bearer sk-b\r\n"));
    // What is compressed can neither be metered nor withheld.
    CHECK_THAT(target.heads[0], Catch::Contains("\r\naccept-encoding: identity\r\n"));
    CHECK_THAT(target.heads[0], Catch::EndsWith("\r\n"));
}

TEST_CASE("a channel without a key sends none", "[relay]") {
    auto channel = row();
    channel.keys.clear();
    auto target = target_of(channel);
    REQUIRE(target.heads.size() == 1);
    CHECK(target.heads[0].find("authorization") == std::string::npos);
}

TEST_CASE("a channel's own time-outs go before those of the configuration", "[relay]") {
    UpstreamSettings settings;
    settings.timeouts.connect = 1s;
    settings.timeouts.idle = 2s;
    auto channel = row();
    channel.idle_timeout = 7s;
    auto target = target_of(channel, settings);
    CHECK(target.timeouts.connect == 1s);
    CHECK(target.timeouts.idle == 7s);
}

TEST_CASE("a proxy takes the whole URL of a plain call", "[relay]") {
    auto channel = row();
    channel.proxy = "http://user:pw@127.0.0.1:3128";
    auto target = target_of(channel);
    CHECK(target.endpoint.proxy.port == 3128);
    CHECK(line_of(target, "m") == "POST http://127.0.0.1:9/v1/chat/completions HTTP/1.1\r\n");
    CHECK_THAT(target.heads[0], Catch::Contains("\r\nproxy-authorization: Basic "));
}

TEST_CASE("what cannot be called says why", "[relay]") {
    auto channel = row();
    channel.type = "martian";
    CHECK(!target_of(channel).problem.empty());
    channel = row();
    channel.base_url = "ftp://x";
    CHECK(!target_of(channel).problem.empty());
    channel = row();
    channel.proxy = "ftp://127.0.0.1";
    CHECK(!target_of(channel).problem.empty());
}
