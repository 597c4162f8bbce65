#include "daemon/billing/slot.hpp"

#include "core/base/digest.hpp"
#include "core/llm/price.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <tuple>
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
    std::int64_t tokens[9];
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
// What few calls have goes behind the texts, as one more of them: units that are no tokens, and a
// share of the price that is not all of it.
struct RarePart {
    std::uint32_t images = 0;
    std::uint32_t seconds = 0;
    std::uint32_t characters = 0;
    std::uint32_t share = static_cast<std::uint32_t>(llm::whole_share);
    std::uint16_t searches = 0;
};
static_assert(std::is_trivially_copyable_v<RarePart>);
constexpr std::size_t rare_bytes = offsetof(RarePart, searches) + sizeof(RarePart::searches);
constexpr std::size_t rare_bytes_before = offsetof(RarePart, share);  // of older releases
// Together with the length bytes the capped texts fit, if need be without the user agent: of all
// texts it is the one that can be missed, so it gives way.
constexpr std::size_t caps[] = {request_id_bytes_max, 64,        64, 16, 46, user_agent_bytes_max,
                                error_bytes_max,      rare_bytes};
constexpr std::size_t user_agent_place = 5;
static_assert(texts_from + 64 + 64 + 64 + 16 + 46 + error_bytes_max + rare_bytes +
                  std::size(caps) <=
              slot_bytes);

std::uint32_t checksum_of(const unsigned char* slot) noexcept {
    return crc32c(
        {reinterpret_cast<const char*>(slot) + checksum_from, slot_bytes - checksum_from});
}

/// Older releases read what they know, so that most calls outlive a way back that follows a kill.
std::size_t rare_size_of(const storage::Call& call) noexcept {
    bool known_before = call.share == llm::whole_share && call.usage.searches == 0;
    return known_before ? rare_bytes_before : rare_bytes;
}

void write_texts(unsigned char* slot, const storage::Call& call) noexcept {
    // A till has cut each to what fits.
    RarePart rare{static_cast<std::uint32_t>(call.usage.images),
                  static_cast<std::uint32_t>(call.usage.seconds),
                  static_cast<std::uint32_t>(call.usage.characters),
                  static_cast<std::uint32_t>(call.share),
                  static_cast<std::uint16_t>(call.usage.searches)};
    std::string_view packed;
    if (call.usage.units_all() > 0 || call.share != llm::whole_share)
        packed = {reinterpret_cast<const char*>(&rare), rare_size_of(call)};
    const std::string_view texts[] = {call.request_id,    call.model,  call.model_served,
                                      call.finish_reason, call.client, call.user_agent,
                                      call.error,         packed};
    auto* at = slot + texts_from;
    auto* end = slot + slot_bytes;
    for (std::size_t i = 0; i < std::size(texts); ++i) {
        // The length bytes of the texts behind this one have to fit too.
        auto room = static_cast<std::size_t>(end - at) - (std::size(texts) - i);
        if (i == user_agent_place)
            room -= std::min(call.error.size(), error_bytes_max) + packed.size();
        auto text =
            i + 1 == std::size(texts) ? packed : cut_text(texts[i], std::min(caps[i], room));
        *at++ = static_cast<unsigned char>(text.size());
        at = std::copy(text.begin(), text.end(), at);
    }
    std::fill(at, end, static_cast<unsigned char>(0));
}

bool read_texts(const unsigned char* slot, storage::Call& call) {
    std::string packed;
    std::string* texts[] = {&call.request_id,    &call.model,  &call.model_served,
                            &call.finish_reason, &call.client, &call.user_agent,
                            &call.error,         &packed};
    const auto* at = slot + texts_from;
    const auto* end = slot + slot_bytes;
    for (auto* text : texts) {
        // Older releases ended with the user agent or the error, and with zeros unless those
        // filled the slot.
        if (at == end && (text == &call.error || text == &packed))
            break;
        if (at == end || end - at - 1 < *at)
            return false;
        text->assign(reinterpret_cast<const char*>(at + 1), *at);
        at += 1 + *at;
    }
    if (packed.size() != rare_bytes && packed.size() != rare_bytes_before)
        return packed.empty();
    RarePart rare;
    std::memcpy(&rare, packed.data(), packed.size());
    call.usage.images = rare.images;
    call.usage.seconds = rare.seconds;
    call.usage.characters = rare.characters;
    call.usage.searches = rare.searches;
    call.share = rare.share;
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
    const auto& tokens = call.usage;
    UsagePart usage{call.tenant.value,
                    call.user.value,
                    call.channel.value,
                    call.price.value,
                    {tokens.input, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h,
                     tokens.audio_in, tokens.image_in, tokens.output, tokens.reasoning,
                     tokens.audio_out},
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
    auto& to = call.usage;
    const auto& from = usage.tokens;
    std::tie(to.input, to.cache_read, to.cache_write_5m, to.cache_write_1h, to.audio_in,
             to.image_in, to.output, to.reasoning, to.audio_out) =
        std::tie(from[0], from[1], from[2], from[3], from[4], from[5], from[6], from[7], from[8]);
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
