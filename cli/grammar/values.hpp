#pragma once

#include "cli/command.hpp"
#include "core/base/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// What was given on the command line, already checked against the table: the typed reads below
/// therefore cannot fail.
class Values {
public:
    std::map<std::string, std::vector<std::string>> flags{};
    std::vector<std::string> arguments{};

    bool has(const std::string& flag) const { return flags.contains(flag); }
    int times(const std::string& flag) const;
    std::optional<std::string> text(const std::string& flag) const;
    std::vector<std::string> all(const std::string& flag) const;
    /// The parts of a comma-separated value, of every time it was given; empty parts left out.
    std::vector<std::string> list(const std::string& flag) const;
    std::optional<std::int64_t> count(const std::string& flag) const;
    std::optional<std::chrono::milliseconds> duration(const std::string& flag) const;
    /// As the API writes times.
    std::optional<std::string> time(const std::string& flag, WallTime now) const;
};

/// `20`, `10k`, `1M`.
std::optional<std::int64_t> parse_count(std::string_view text) noexcept;

/// Whether `text` is a value of this kind; the message says what was expected.
Result<void> check_value(Kind kind, const std::vector<std::string>& choices,
                         const std::string& text, const std::string& name);

}  // namespace obliv::cli
