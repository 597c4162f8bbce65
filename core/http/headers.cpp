#include "core/http/headers.hpp"

#include "core/base/text.hpp"

namespace obliv::http {

bool Headers::add(std::string_view name, std::string_view value) noexcept {
    if (count_ == capacity)
        return false;
    fields_[count_++] = {
        static_cast<std::uint16_t>(name.data() - base_), static_cast<std::uint16_t>(name.size()),
        static_cast<std::uint16_t>(value.data() - base_), static_cast<std::uint16_t>(value.size())};
    return true;
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < count_; ++i)
        if (fields_[i].name_size == name.size() &&
            equal_ignoring_case({base_ + fields_[i].name_at, name.size()}, name))
            return (*this)[i].value;
    return std::nullopt;
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
