#include "daemon/billing/slot.hpp"

#include "core/base/digest.hpp"
#include "tests/support/calls.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

using namespace obliv;
using namespace obliv::billing;

namespace {

struct alignas(8) Slot {
    std::array<unsigned char, slot_bytes> bytes{};
    unsigned char* data() { return bytes.data(); }
};

storage::Call full_call() {
    auto call = test::sample_call(77, AccountId{12}, PriceId{3}, 40);
    call.token = TokenId{5};
    call.channel = ChannelId{6};
    call.key_index = 2;
    call.usage = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1'000'000'000, 12, 65'535};
    call.source = llm::UsageSource::estimated;
    call.loss = Money::nanos(11);
    call.ttft_us = -1;
    call.duration_us = 123456789;
    call.stream = true;
    call.error = "upstream_timeout";
    return call;
}

}  // namespace

TEST_CASE("a settled slot reads back as the call", "[billing]") {
    Slot slot;
    auto call = full_call();
    CHECK(slot_state(slot.data()) == SlotState::free);
    write_settled(slot.data(), call);
    CHECK(slot_state(slot.data()) == SlotState::settled);
    auto row = read_settled(slot.data());
    REQUIRE(row);
    CHECK(row->id == call.id);
    CHECK(row->time == call.time);
    CHECK(row->request_id == call.request_id);
    CHECK(row->tenant == call.tenant);
    CHECK(row->account == call.account);
    CHECK(row->user == call.user);
    CHECK(row->token == call.token);
    CHECK(row->model == call.model);
    CHECK(row->model_served == call.model_served);
    CHECK(row->channel == call.channel);
    CHECK(row->key_index == call.key_index);
    CHECK(row->usage == call.usage);
    CHECK(row->source == call.source);
    CHECK(row->price == call.price);
    CHECK(row->held == call.held);
    CHECK(row->cost == call.cost);
    CHECK(row->loss == call.loss);
    CHECK(row->ttft_us == call.ttft_us);
    CHECK(row->duration_us == call.duration_us);
    CHECK(row->status == call.status);
    CHECK(row->attempts == call.attempts);
    CHECK(row->stream == call.stream);
    CHECK(row->finish_reason == call.finish_reason);
    CHECK(row->client == call.client);
    CHECK(row->user_agent == call.user_agent);
    CHECK(row->error == call.error);
    CHECK(row->share == call.share);
}

TEST_CASE("units alone are written as the release before wrote them", "[billing]") {
    Slot slot;
    auto call = full_call();
    call.share = llm::whole_share;
    call.usage.images = 0x01020304;
    call.usage.searches = 0;
    write_settled(slot.data(), call);
    std::string bytes(reinterpret_cast<const char*>(slot.data()), slot_bytes);
    CHECK(bytes.find(std::string("\x0c\x04\x03\x02\x01", 5)) != std::string::npos);
    auto row = read_settled(slot.data());
    REQUIRE(row);
    CHECK(row->usage == call.usage);
    CHECK(row->share == llm::whole_share);
}

TEST_CASE("a share of the price is in the slot with and without units", "[billing]") {
    for (bool units : {false, true}) {
        Slot slot;
        auto call = full_call();
        call.share = 400'000;
        if (!units)
            call.usage.images = call.usage.seconds = call.usage.characters = call.usage.searches =
                0;
        write_settled(slot.data(), call);
        auto row = read_settled(slot.data());
        REQUIRE(row);
        CHECK(row->share == 400'000);
        CHECK(row->usage == call.usage);
    }
}

TEST_CASE("long texts are cut, at the end of a character, and never spill", "[billing]") {
    Slot slot;
    auto call = full_call();
    call.request_id = std::string(64, 'r');
    call.model = std::string(500, 'm');
    call.model_served = std::string(63, 's') + "é and more";
    call.finish_reason = std::string(500, 'f');
    call.client = std::string(500, 'c');
    call.user_agent = std::string(500, 'u');
    call.error = std::string(500, 'e');
    write_settled(slot.data(), call);
    auto row = read_settled(slot.data());
    REQUIRE(row);
    CHECK(row->request_id == call.request_id);
    CHECK(row->model == std::string(64, 'm'));
    CHECK(row->model_served == std::string(63, 's'));
    CHECK(row->finish_reason == std::string(16, 'f'));
    CHECK(row->client == std::string(46, 'c'));
    CHECK(row->user_agent.size() <= 96);
    CHECK(row->error == std::string(32, 'e'));
    CHECK(row->usage == call.usage);
}

TEST_CASE("a slot of a release that knew no errors is read, and none is made up", "[billing]") {
    auto call = full_call();
    call.error = "";
    call.usage.images = call.usage.seconds = call.usage.characters = call.usage.searches = 0;
    Slot slot;
    SECTION("with room behind its user agent") {
        write_settled(slot.data(), call);
    }
    SECTION("with a user agent that fills it") {
        call.request_id = std::string(64, 'r');
        call.model = std::string(64, 'm');
        call.model_served = std::string(64, 's');
        call.finish_reason = std::string(16, 'f');
        call.client = std::string(46, 'c');
        call.user_agent = std::string(500, 'u');
        write_settled(slot.data(), call);
        // The last two bytes are the lengths of the error and of the units; they were two letters.
        auto length = read_settled(slot.data())->user_agent.size();
        slot.bytes[slot_bytes - length - 3] += 2;
        slot.bytes[slot_bytes - 2] = slot.bytes[slot_bytes - 1] = 'u';
        const auto* bytes = reinterpret_cast<const char*>(slot.data());
        auto checksum = crc32c({bytes + 8, slot_bytes - 8});
        std::memcpy(slot.data() + 4, &checksum, sizeof(checksum));
        call.user_agent = std::string(length + 2, 'u');
    }
    auto row = read_settled(slot.data());
    REQUIRE(row);
    CHECK(row->error.empty());
    CHECK(row->user_agent == call.user_agent);
    CHECK(row->cost == call.cost);
}

TEST_CASE("a changed byte anywhere but in the state is noticed", "[billing]") {
    for (std::size_t i = 4; i < slot_bytes; ++i) {
        Slot slot;
        write_settled(slot.data(), full_call());
        slot.bytes[i] ^= 0x40;
        CAPTURE(i);
        CHECK_FALSE(read_settled(slot.data()));
    }
    Slot slot;
    write_settled(slot.data(), full_call());
    CHECK(describe_damaged(slot.data()).find("charge 77 of account 12") != std::string::npos);
}
