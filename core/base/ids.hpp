#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace obliv {

/// A row's number with the type of its table, so that an AccountId is never taken for a TokenId.
/// Zero is "none". In JSON an id is a decimal string.
template <typename Tag>
struct Id {
    std::int64_t value = 0;

    explicit operator bool() const noexcept { return value != 0; }
    auto operator<=>(const Id&) const = default;
    std::string text() const { return std::to_string(value); }
};

using TenantId = Id<struct TenantTag>;
using UserId = Id<struct UserTag>;
using AccountId = Id<struct AccountTag>;
using TokenId = Id<struct TokenTag>;
using ChannelId = Id<struct ChannelTag>;
using PriceId = Id<struct PriceTag>;  ///< one version of one price; history keeps them all
using ChargeId =
    Id<struct ChargeTag>;  ///< one relayed call; also the rowid of its charge and usage

}  // namespace obliv

template <typename Tag>
struct std::hash<obliv::Id<Tag>> {
    std::size_t operator()(obliv::Id<Tag> id) const noexcept {
        return std::hash<std::int64_t>{}(id.value);
    }
};
