#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace obliv {

/// Whether two texts are equal, in a time that depends on their lengths only.
inline bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size())
        return false;
    unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference = static_cast<unsigned char>(
            difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
    return difference == 0;
}

/// A text that must not be seen: prints as `***`, compares in constant time, is wiped when it goes.
/// Only `reveal()` gives it up, which makes every place that uses one easy to find.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
    Secret& operator=(Secret other) noexcept {
        text_.swap(other.text_);
        return *this;
    }
    ~Secret() { wipe(); }

    std::string_view reveal() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    /// First 3 and last 4 characters, for people to tell keys apart; `***` when that would give
    /// half away.
    std::string hint() const {
        if (text_.size() < 14)
            return "***";
        return text_.substr(0, 3) + "…" + text_.substr(text_.size() - 4);
    }

    friend bool operator==(const Secret& a, const Secret& b) noexcept {
        return equal_in_constant_time(a.text_, b.text_);
    }
    friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

private:
    void wipe() noexcept {
        // Through a volatile pointer, or the compiler drops stores to a dying string.
        volatile char* bytes = text_.data();
        for (std::size_t i = 0; i < text_.size(); ++i)
            bytes[i] = 0;
        text_.clear();
    }
    std::string text_;
};

}  // namespace obliv
