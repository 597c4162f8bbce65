#pragma once

#include <source_location>
#include <string_view>

namespace obliv {

/// Prints place and claim to stderr and aborts. For what only a bug can cause.
[[noreturn]] void check_failed(std::string_view claim, const std::source_location& where) noexcept;

/// A claim about our own code, always compiled in. Never use it on input, network or disk: those
/// are `Result`s. One claim per call, so that the message says which one broke.
inline void check(bool holds, std::string_view claim,
                  const std::source_location& where = std::source_location::current()) noexcept {
    if (!holds) [[unlikely]]
        check_failed(claim, where);
}

}  // namespace obliv
