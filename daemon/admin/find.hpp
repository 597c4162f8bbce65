#pragma once

#include "core/base/text.hpp"
#include "core/storage/store.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace obliv::admin {

inline bool is_id(std::string_view text) noexcept {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The row of a store that `reference` means: an id if it is digits only, else a name.
template <typename IdType, typename Store>
auto find_row(Store& store, std::string_view reference) -> decltype(store.find(reference)) {
    if (!is_id(reference))
        return store.find(reference);
    auto number = parse_int(reference);
    return store.get(IdType{number.value_or(0)});
}

inline Result<storage::Token> find_token(storage::Session& session, std::string_view reference) {
    return find_row<TokenId>(session.tokens(), reference);
}
inline Result<storage::Channel> find_channel(storage::Session& session,
                                             std::string_view reference) {
    return find_row<ChannelId>(session.channels(), reference);
}
inline Result<storage::Account> find_account(storage::Session& session,
                                             std::string_view reference) {
    return find_row<AccountId>(session.accounts(), reference);
}

}  // namespace obliv::admin
