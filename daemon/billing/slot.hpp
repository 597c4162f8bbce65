#pragma once

#include "core/storage/usage.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace obliv::billing {

/// One slot of the intent ring: 64 bytes for the charge, then the usage row. Native byte order: the
/// file never leaves its machine.
inline constexpr std::size_t slot_bytes = 512;

/// A request id is as long as this at most, in the slot and in the store alike: it tells a replayed
/// call from another one.
inline constexpr std::size_t request_id_bytes_max = 64;
inline constexpr std::size_t user_agent_bytes_max = 96;
inline constexpr std::size_t error_bytes_max = 32;

/// At most `limit` bytes of UTF-8 text, without half a character at the end.
std::string_view cut_text(std::string_view text, std::size_t limit) noexcept;

enum class SlotState : std::uint32_t { free = 0, settled = 2 };

/// Functions over the bytes of one slot (`slot_bytes`, aligned to 8). The state is written last and
/// read first, so that a slot is never taken for more than what is in it.
SlotState slot_state(const unsigned char* slot) noexcept;
void set_slot_state(unsigned char* slot, SlotState state) noexcept;

/// Writes the call and marks the slot settled. Texts are cut to what fits: a request id at 64
/// bytes, models at 64, the rest shorter.
void write_settled(unsigned char* slot, const storage::Call& call) noexcept;

/// The call of a settled slot; nothing if the checksum does not fit.
std::optional<storage::Call> read_settled(const unsigned char* slot);

/// What can be said about a slot that cannot be read.
std::string describe_damaged(const unsigned char* slot);

}  // namespace obliv::billing
