#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::providers {

/// Money that a provider holds for a key, in its own currency: to be shown, never to be billed by.
struct Balance {
    std::string amount;    ///< a decimal number
    std::string currency;  ///< `USD`; empty: the provider does not say
};

/// What is left, by DeepSeek's `balance_infos`, Moonshot's `available_balance` or OpenRouter's
/// credits. upstream_failed: the text tells none.
Result<std::vector<Balance>> balances(std::string_view json);

}  // namespace obliv::providers
