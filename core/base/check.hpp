#pragma once

#include <string_view>

namespace obliv {

/// Where a claim stands. In place of std::source_location, which clang 14 does not have: it builds
/// the fuzz targets and reads the tree for clang-tidy.
struct Place {
    const char* file;
    unsigned line;
    const char* function;

    static constexpr Place here(const char* file = __builtin_FILE(),
                                unsigned line = __builtin_LINE(),
                                const char* function = __builtin_FUNCTION()) noexcept {
        return {file, line, function};
    }
};

/// Prints place and claim to stderr and aborts. For what only a bug can cause.
[[noreturn]] void check_failed(std::string_view claim, const Place& where) noexcept;

/// A claim about our own code, always compiled in. Never use it on input, network or disk: those
/// are `Result`s. One claim per call, so that the message says which one broke.
inline void check(bool holds, std::string_view claim, const Place& where = Place::here()) noexcept {
    if (!holds) [[unlikely]]
        check_failed(claim, where);
}

}  // namespace obliv
