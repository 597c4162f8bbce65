#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace obliv::llm {

/// A few keys that are looked for together, in one pass over the text: replies are scanned for
/// eight of them, and eight passes would cost more than the rest of the relay. Quotes inside JSON
/// strings are escaped, so the text of a message can never look like a key. Looks at bytes only: it
/// does not know the depth.
class KeySet {
public:
    static constexpr std::size_t keys_max = 8;

    /// Names of ASCII letters and underscores.
    constexpr KeySet(std::initializer_list<std::string_view> names) {
        for (auto name : names) {
            auto bit = static_cast<std::uint8_t>(1U << count_);
            last_[letter(name.back())] |= bit;
            for (std::size_t i = 0; i < before_last_.size(); ++i)
                if (name.size() < 2 || i == letter(name[name.size() - 2]))
                    before_last_[i] |= bit;
            names_[count_++] = name;
        }
    }

    struct Found {
        std::size_t key = keys_max;  ///< its place in the list; keys_max: none is left
        std::size_t begin = std::string_view::npos;  ///< of the key, at its quote
        std::size_t value = std::string_view::npos;  ///< where its value begins

        explicit operator bool() const noexcept { return key != keys_max; }
    };
    /// The next `"key":` at or after `from`.
    Found next(std::string_view json, std::size_t from) const noexcept;
    /// The last `"key":` whose quotes lie before `before`.
    Found last(std::string_view json, std::size_t before) const noexcept;

private:
    /// Which names end like what stands before the quote at `quote`.
    unsigned ending_like(std::string_view json, std::size_t quote) const noexcept {
        return quote < 2 ? 0U
                         : last_[letter(json[quote - 1])] & before_last_[letter(json[quote - 2])];
    }
    static constexpr std::size_t letter(char c) noexcept {
        return static_cast<unsigned char>(c) & 0x7F;
    }
    Found match(std::string_view json, std::size_t from, std::size_t quote,
                unsigned names) const noexcept;

    std::array<std::string_view, keys_max> names_{};
    // Which names have a letter in the last place, and in the one before.
    std::array<std::uint8_t, 128> last_{};
    std::array<std::uint8_t, 128> before_last_{};
    std::size_t count_ = 0;
};

}  // namespace obliv::llm
