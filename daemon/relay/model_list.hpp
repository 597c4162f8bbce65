#pragma once

#include "core/llm/wire_error.hpp"

#include <span>
#include <string>
#include <string_view>

namespace obliv::relay {

// The models that a caller can ask for, as the provider whose SDK he uses would list them.

/// `query` holds the page that is wanted, as each format names it.
std::string model_list(llm::ErrorShape shape, std::span<const std::string> names,
                       std::string_view query);

/// One of them.
std::string model_entry(llm::ErrorShape shape, std::string_view name);

}  // namespace obliv::relay
