#include "core/tokenizer/pair_table.hpp"

#include <bit>

namespace obliv::tokenizer {

PairTable::PairTable(std::size_t pairs) : slots_(std::bit_ceil(pairs + pairs / 2 + 1)) {}

std::size_t PairTable::first(TokenId left, TokenId right) const noexcept {
    auto key = std::uint64_t{left} << 32U | right;
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> 20U) & (slots_.size() - 1);
}

void PairTable::add(TokenId left, TokenId right, Found makes) {
    auto at = first(left, right);
    for (; slots_[at].makes.id != no_token; at = (at + 1) & (slots_.size() - 1))
        if (slots_[at].left == left && slots_[at].right == right)
            return;
    slots_[at] = {left, right, makes};
}

PairTable::Found PairTable::find(TokenId left, TokenId right) const noexcept {
    for (auto at = first(left, right); slots_[at].makes.id != no_token;
         at = (at + 1) & (slots_.size() - 1))
        if (slots_[at].left == left && slots_[at].right == right)
            return slots_[at].makes;
    return {};
}

}  // namespace obliv::tokenizer
