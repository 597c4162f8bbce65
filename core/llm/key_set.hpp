#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace obliv::llm {

/// A few keys that are looked for together, in one pass over the text: replies are scanned for
/// eight of them, and eight passes would cost more than the rest of the relay.
class KeySet {
public:
    static constexpr std::size_t keys_max = 8;

    /// Names of ASCII letters and underscores.
    constexpr KeySet(std::initializer_list<std::string_view> names) {
        for (auto name : names) {
            auto bit = static_cast<std::uint8_t>(1U << count_);
            starts_[static_cast<unsigned char>(name[0]) & 0x7F] |= bit;
            names_[count_++] = name;
        }
    }

    struct Found {
        std::size_t key = keys_max;  ///< its place in the list; keys_max: none is left
        std::size_t value = std::string_view::npos;  ///< where its value begins

        explicit operator bool() const noexcept { return key != keys_max; }
    };
    /// The next `"key":` at or after `from`. Quotes inside JSON strings are escaped, so the text of
    /// a message can never look like a key. Looks at bytes only: it does not know the depth.
    Found next(std::string_view json, std::size_t from) const noexcept;

private:
    unsigned begin_like(char letter) const noexcept {
        return starts_[static_cast<unsigned char>(letter) & 0x7F];
    }
    Found match(std::string_view json, std::size_t quote, unsigned names) const noexcept;

    std::array<std::string_view, keys_max> names_{};
    std::array<std::uint8_t, 128> starts_{};  ///< by first letter, which names begin with it
    std::size_t count_ = 0;
};

}  // namespace obliv::llm
