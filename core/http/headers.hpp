#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace obliv::http {

struct Header {
    std::string_view name;
    std::string_view value;
};

/// The headers of one message, in their order, as offsets into the head they were parsed from:
/// eight bytes each, no allocation.
class Headers {
public:
    static constexpr std::size_t capacity = 128;

    class Iterator {
    public:
        Iterator(const Headers& headers, std::size_t index) noexcept
            : headers_(&headers), index_(index) {}
        Header operator*() const noexcept { return (*headers_)[index_]; }
        Iterator& operator++() noexcept {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

    private:
        const Headers* headers_;
        std::size_t index_;
    };

    /// Forgets every header; offsets count from `base` from now on.
    void reset(const char* base) noexcept {
        base_ = base;
        count_ = 0;
        marks_ = 0;
    }
    /// False when the table is full. Both views lie within 65535 bytes of the base.
    bool add(std::string_view name, std::string_view value) noexcept;

    std::size_t size() const noexcept { return count_; }
    Header operator[](std::size_t index) const noexcept {
        const auto& field = fields_[index];
        return {{base_ + field.name_at, field.name_size},
                {base_ + field.value_at, field.value_size}};
    }
    Iterator begin() const noexcept { return {*this, 0}; }
    Iterator end() const noexcept { return {*this, count_}; }

    /// The value of the first header of this name, in any case.
    std::optional<std::string_view> find(std::string_view name) const noexcept;

private:
    struct Field {
        std::uint16_t name_at;
        std::uint16_t name_size;
        std::uint16_t value_at;
        std::uint16_t value_size;
    };

    const char* base_ = nullptr;
    std::size_t count_ = 0;
    std::uint64_t marks_ = 0;  // a bit for each name: most look-ups are for one that is not there
    std::array<Field, capacity> fields_;  // uninitialised beyond count_
};

/// Whether two names are the same, in any case.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// The offset of the first byte that no value of a header may hold, a control byte other than a
/// tab; the size of `text` when there is none.
std::size_t find_control(std::string_view text) noexcept;

/// Whether `list` (comma separated, as in Connection) holds `token`, in any case.
bool list_has(std::string_view list, std::string_view token) noexcept;

}  // namespace obliv::http
