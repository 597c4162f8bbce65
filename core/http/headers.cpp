#include "core/http/headers.hpp"

#include "core/base/text.hpp"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv::http {
namespace {

/// One of 64 bits, by length and first letter.
std::uint64_t mark_of(std::string_view name) noexcept {
    auto letter = name.empty() ? 0U : static_cast<unsigned char>(name.front()) & 0x1FU;
    return std::uint64_t{1} << ((name.size() * 11 + letter) % 64);
}

std::uint64_t eight_bytes(const char* at) noexcept {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/// The same with its capitals made small, all eight at once.
std::uint64_t lower(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    auto low = bytes & (each * 0x7F);  // adding to these carries into no neighbour
    auto from_a = low + each * (0x80 - 'A');
    auto behind_z = low + each * (0x7F - 'Z');
    auto capitals = from_a & ~behind_z & ~bytes & (each * 0x80);
    return bytes | capitals >> 2;
}

/// A tab, or anything that is not a control byte.
bool is_text(char c) noexcept {
    auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

}  // namespace

bool Headers::add(std::string_view name, std::string_view value) noexcept {
    if (count_ == capacity)
        return false;
    fields_[count_++] = {
        static_cast<std::uint16_t>(name.data() - base_), static_cast<std::uint16_t>(name.size()),
        static_cast<std::uint16_t>(value.data() - base_), static_cast<std::uint16_t>(value.size())};
    marks_ |= mark_of(name);
    return true;
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    if ((marks_ & mark_of(name)) == 0)
        return std::nullopt;
    for (std::size_t i = 0; i < count_; ++i)
        if (fields_[i].name_size == name.size() &&
            same_name({base_ + fields_[i].name_at, name.size()}, name))
            return (*this)[i].value;
    return std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
    if (a.size() < 8 || a.size() != b.size())
        return equal_ignoring_case(a, b);
    auto last = a.size() - 8;  // what is left over is compared together with bytes before it
    for (std::size_t at = 0;; at = at + 8 < last ? at + 8 : last) {
        auto one = eight_bytes(a.data() + at);
        auto other = eight_bytes(b.data() + at);
        if (one != other && lower(one) != lower(other))
            return false;
        if (at == last)
            return true;
    }
}

std::size_t find_control(std::string_view text) noexcept {
    std::size_t at = 0;
#if defined(__SSE2__)
    // Bytes from 0x80 on are negative here; adding 0x80 brings the controls to the front again.
    const auto shift = _mm_set1_epi8(static_cast<char>(0x80));
    const auto first_text = _mm_set1_epi8(static_cast<char>(0x20 - 0x80));
    const auto rubout = _mm_set1_epi8(0x7F);
    const auto tab = _mm_set1_epi8('\t');
    for (; at + 16 <= text.size(); at += 16) {
        auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        auto low = _mm_cmplt_epi8(_mm_add_epi8(bytes, shift), first_text);
        auto control = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low),
                                    _mm_cmpeq_epi8(bytes, rubout));
        if (auto found = static_cast<unsigned>(_mm_movemask_epi8(control)); found != 0)
            return at + static_cast<std::size_t>(std::countr_zero(found));
    }
#endif
    while (at < text.size() && is_text(text[at]))
        ++at;
    return at;
}

bool list_has(std::string_view list, std::string_view token) noexcept {
    while (!list.empty()) {
        auto comma = list.find(',');
        if (equal_ignoring_case(trim(list.substr(0, comma)), token))
            return true;
        if (comma == std::string_view::npos)
            break;
        list.remove_prefix(comma + 1);
    }
    return false;
}

}  // namespace obliv::http
