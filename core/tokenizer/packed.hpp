#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::tokenizer {

/// The head of a packed vocabulary. Behind it, without gaps: the slots of the hash table (u64
/// each), the offsets of the tokens by id (u32, one more than tokens), their bytes end to end. All
/// in the byte order of the machine that packed it; another order does not have `magic`.
struct PackedHead {
    static constexpr std::uint64_t magic_value = 0x3130'4550'4256'424FU;  // "OBVBPE01"

    std::uint64_t magic = magic_value;
    std::uint32_t tokens = 0;  ///< one more than the highest id
    std::uint32_t slots = 0;   ///< more than tokens, so that a search ends
    std::uint32_t blob_bytes = 0;
    std::uint32_t token_bytes_max = 0;
};
static_assert(sizeof(PackedHead) == 24);

/// A slot holds the upper half of a token's byte_hash in its upper half, its id in its lower.
constexpr std::uint64_t empty_slot = 0xFFFF'FFFF'FFFF'FFFFU;

/// Where the search for a hash begins; it goes on slot by slot, around the end, to an empty one.
constexpr std::uint32_t first_slot(std::uint64_t hash, std::uint32_t slots) noexcept {
    return static_cast<std::uint32_t>(((hash & 0xFFFF'FFFFU) * slots) >> 32U);
}

/// Packs tokens: the bytes of id i are tokens[i]. An empty string is an id that is not used.
/// Refused: more than limits allow, the same bytes twice.
Result<std::string> pack(std::span<const std::string> tokens);

/// Reads the text form that merge tables are published in: a line for each token, its bytes in
/// base64, a blank, its rank.
Result<std::vector<std::string>> read_ranks(std::string_view text);

constexpr std::size_t tokens_limit = 4'000'000;
constexpr std::size_t token_bytes_limit = 4096;

}  // namespace obliv::tokenizer
