#include "daemon/channels/channel_table.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::channels;

namespace {

constexpr SteadyTime now{std::chrono::hours(1)};

storage::Channel row(std::int64_t id) {
    storage::Channel channel;
    channel.id = ChannelId{id};
    channel.name = "c" + std::to_string(id);
    channel.type = "openai";
    channel.models = {"gpt-4o", "o3*", "/^ft:.*x$/"};
    channel.aliases = {{"best", "gpt-4o"}, {"o3-old", "o1"}};
    return channel;
}

std::string upstream(const Entry& entry, std::string_view model) {
    auto match = ChannelTable::match(entry, model);
    return match ? match->upstream_model + " by " + match->matched_by : "-";
}

}  // namespace

TEST_CASE("a model is matched by alias, name, prefix or expression", "[channels]") {
    auto table = ChannelTable::build({row(1)}, nullptr);
    const auto& entry = *table->entries().front();
    CHECK(upstream(entry, "gpt-4o") == "gpt-4o by gpt-4o");
    CHECK(upstream(entry, "gpt-4o-mini") == "-");
    CHECK(upstream(entry, "o3-mini") == "o3-mini by o3*");
    CHECK(upstream(entry, "ft:ax") == "ft:ax by /^ft:.*x$/");
    CHECK(upstream(entry, "ft:a") == "-");
    CHECK(upstream(entry, "best") == "gpt-4o by alias");
    CHECK(upstream(entry, "o3-old") == "o1 by alias");
}

TEST_CASE("the base URL comes from the type, and loses its last slash", "[channels]") {
    auto own = row(2);
    own.base_url = "http://127.0.0.1:1/v1//";
    auto table = ChannelTable::build({own, row(1)}, nullptr);
    CHECK(table->find(ChannelId{1})->channel.base_url == "https://api.openai.com/v1");
    CHECK(table->find(ChannelId{2})->channel.base_url == "http://127.0.0.1:1/v1");
    CHECK(table->find(ChannelId{3}) == nullptr);
}

TEST_CASE("the models of a group are the names it can ask for", "[channels]") {
    auto hidden = row(2);
    hidden.models = {"secret"};
    hidden.enabled = false;
    auto other = row(3);
    other.models = {"vip-model"};
    other.aliases.clear();
    other.groups = {"vip"};
    auto alien = row(4);
    alien.type = "martian";
    alien.models = {"klaatu"};
    auto table = ChannelTable::build({row(1), hidden, other, alien}, nullptr);
    CHECK(table->models("default") == std::vector<std::string>{"best", "gpt-4o", "o3-old"});
    CHECK(table->models("vip") == std::vector<std::string>{"vip-model"});
    CHECK(table->models("nobody").empty());
}

TEST_CASE("a change keeps what is known of a channel's health", "[channels]") {
    auto before = ChannelTable::build({row(1)}, nullptr);
    for (int i = 0; i < 3; ++i) {
        before->entries()[0]->health->begin(now);
        before->entries()[0]->health->failed(Cause::bad_reply, "refused", nullptr, now);
    }
    auto after = ChannelTable::build({row(1), row(2)}, before.get());
    CHECK(after->find(ChannelId{1})->health->failing());
    CHECK(after->find(ChannelId{1})->health->snapshot(now).last_error == "refused");
    CHECK(!after->find(ChannelId{2})->health->failing());
    after->find(ChannelId{1})->health->begin(now);
    after->find(ChannelId{1})->health->succeeded(nullptr, now);
    CHECK(!after->find(ChannelId{1})->health->failing());
    CHECK(after->find(ChannelId{1})->health->snapshot(now).in_flight == 0);
    CHECK(after->find(ChannelId{1})->health->snapshot(now).requests == 4);
    CHECK(after->find(ChannelId{1})->health->snapshot(now).failures == 3);
}

TEST_CASE("a channel is up when it is on, known, and not failing", "[channels]") {
    auto off = row(2);
    off.enabled = false;
    auto alien = row(3);
    alien.type = "martian";
    auto table = ChannelTable::build({row(1), off, alien}, nullptr);
    CHECK(table->find(ChannelId{1})->up(now));
    CHECK(!table->find(ChannelId{2})->up(now));
    CHECK(!table->find(ChannelId{3})->up(now));
    for (int i = 0; i < 3; ++i) {
        table->find(ChannelId{1})->health->begin(now);
        table->find(ChannelId{1})->health->failed(Cause::bad_reply, "refused", nullptr, now);
    }
    CHECK(!table->find(ChannelId{1})->up(now));
}
