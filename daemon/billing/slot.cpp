#include "daemon/billing/slot.hpp"

#include "core/base/digest.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace obliv::billing {
namespace {

// The charge: what has to be known about a slot whatever happens to the rest of it.
struct ChargePart {
    std::uint32_t state;
    std::uint32_t checksum;  // of everything behind it
    std::int64_t id;
    std::int64_t time;
    std::int64_t account;
    std::int64_t token;
    std::int64_t held;
    std::int64_t cost;
    std::int64_t loss;
};
static_assert(sizeof(ChargePart) == 64);

// The numbers of the usage row. Texts follow: a length byte and the bytes of each.
struct UsagePart {
    std::int64_t tenant;
    std::int64_t user;
    std::int64_t channel;
    std::int64_t price;
    llm::Usage usage;
    std::int64_t ttft_us;
    std::int64_t duration_us;
    std::int32_t key_index;
    std::int32_t status;
    std::int32_t attempts;
    std::uint8_t source;
    std::uint8_t stream;
    std::uint16_t unused;
};
static_assert(std::is_trivially_copyable_v<UsagePart>);

constexpr std::size_t checksum_from = 8;
constexpr std::size_t texts_from = sizeof(ChargePart) + sizeof(UsagePart);
// Together with the length bytes the capped texts fit, the user agent with 16 bytes at least: of
// all texts it is the one that can be missed, so it gives way.
constexpr std::size_t caps[] = {request_id_bytes_max, 64, 64, 16, 46, user_agent_bytes_max,
                                error_bytes_max};
constexpr std::size_t user_agent_place = 5;
static_assert(texts_from + 64 + 64 + 64 + 16 + 46 + 16 + error_bytes_max + std::size(caps) <=
              slot_bytes);

std::uint32_t checksum_of(const unsigned char* slot) noexcept {
    return crc32c(
        {reinterpret_cast<const char*>(slot) + checksum_from, slot_bytes - checksum_from});
}

void write_texts(unsigned char* slot, const storage::Call& call) noexcept {
    const std::string_view texts[] = {call.request_id,    call.model,  call.model_served,
                                      call.finish_reason, call.client, call.user_agent,
                                      call.error};
    auto* at = slot + texts_from;
    auto* end = slot + slot_bytes;
    for (std::size_t i = 0; i < std::size(texts); ++i) {
        // The length bytes of the texts behind this one have to fit too.
        auto room = static_cast<std::size_t>(end - at) - (std::size(texts) - i);
        if (i == user_agent_place)
            room -= std::min(call.error.size(), error_bytes_max);
        auto text = cut_text(texts[i], std::min(caps[i], room));
        *at++ = static_cast<unsigned char>(text.size());
        at = std::copy(text.begin(), text.end(), at);
    }
    std::fill(at, end, static_cast<unsigned char>(0));
}

bool read_texts(const unsigned char* slot, storage::Call& call) {
    std::string* texts[] = {&call.request_id,    &call.model,  &call.model_served,
                            &call.finish_reason, &call.client, &call.user_agent,
                            &call.error};
    const auto* at = slot + texts_from;
    const auto* end = slot + slot_bytes;
    for (auto* text : texts) {
        // A release that knew no errors ended with the user agent, and with zeros unless that one
        // filled the slot.
        if (at == end && text == &call.error)
            return true;
        if (at == end || end - at - 1 < *at)
            return false;
        text->assign(reinterpret_cast<const char*>(at + 1), *at);
        at += 1 + *at;
    }
    return true;
}

}  // namespace

std::string_view cut_text(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit)
        return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80)
        --limit;
    return text.substr(0, limit);
}

SlotState slot_state(const unsigned char* slot) noexcept {
    auto* word = reinterpret_cast<std::uint32_t*>(const_cast<unsigned char*>(slot));
    return static_cast<SlotState>(std::atomic_ref(*word).load(std::memory_order_acquire));
}

void set_slot_state(unsigned char* slot, SlotState state) noexcept {
    auto* word = reinterpret_cast<std::uint32_t*>(slot);
    std::atomic_ref(*word).store(static_cast<std::uint32_t>(state), std::memory_order_release);
}

void write_reserved(unsigned char* slot, AccountId account, TokenId token, Money held) noexcept {
    ChargePart charge{};
    charge.account = account.value;
    charge.token = token.value;
    charge.held = held.nanos();
    std::memcpy(slot + checksum_from, reinterpret_cast<const char*>(&charge) + checksum_from,
                sizeof(charge) - checksum_from);
    set_slot_state(slot, SlotState::reserved);
}

void write_settled(unsigned char* slot, const storage::Call& call) noexcept {
    ChargePart charge{0,
                      0,
                      call.id.value,
                      unix_nanos(call.time),
                      call.account.value,
                      call.token.value,
                      call.held.nanos(),
                      call.cost.nanos(),
                      call.loss.nanos()};
    UsagePart usage{call.tenant.value,
                    call.user.value,
                    call.channel.value,
                    call.price.value,
                    call.usage,
                    call.ttft_us,
                    call.duration_us,
                    call.key_index,
                    call.status,
                    call.attempts,
                    static_cast<std::uint8_t>(call.source),
                    call.stream,
                    0};
    std::memcpy(slot + checksum_from, reinterpret_cast<const char*>(&charge) + checksum_from,
                sizeof(charge) - checksum_from);
    std::memcpy(slot + sizeof(charge), &usage, sizeof(usage));
    write_texts(slot, call);
    auto checksum = checksum_of(slot);
    std::memcpy(slot + offsetof(ChargePart, checksum), &checksum, sizeof(checksum));
    set_slot_state(slot, SlotState::settled);
}

std::optional<storage::Call> read_settled(const unsigned char* slot) {
    ChargePart charge{};
    UsagePart usage{};
    std::memcpy(&charge, slot, sizeof(charge));
    std::memcpy(&usage, slot + sizeof(charge), sizeof(usage));
    storage::Call call;
    if (charge.checksum != checksum_of(slot) || !read_texts(slot, call))
        return std::nullopt;
    call.id.value = charge.id;
    call.time = from_unix_nanos(charge.time);
    call.account.value = charge.account;
    call.token.value = charge.token;
    call.held = Money::nanos(charge.held);
    call.cost = Money::nanos(charge.cost);
    call.loss = Money::nanos(charge.loss);
    call.tenant.value = usage.tenant;
    call.user.value = usage.user;
    call.channel.value = usage.channel;
    call.price.value = usage.price;
    call.usage = usage.usage;
    call.ttft_us = usage.ttft_us;
    call.duration_us = usage.duration_us;
    call.key_index = usage.key_index;
    call.status = usage.status;
    call.attempts = usage.attempts;
    call.source = static_cast<llm::UsageSource>(usage.source);
    call.stream = usage.stream != 0;
    return call;
}

std::string describe_damaged(const unsigned char* slot) {
    ChargePart charge{};
    std::memcpy(&charge, slot, sizeof(charge));
    return "state " + std::to_string(charge.state) + ", perhaps charge " +
           std::to_string(charge.id) + " of account " + std::to_string(charge.account) + " over " +
           Money::nanos(charge.cost).text();
}

}  // namespace obliv::billing
