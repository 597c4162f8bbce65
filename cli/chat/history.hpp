#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// The lines that were sent, oldest first, kept in a file that only its owner reads. Without a file
/// it lives in memory.
class History {
public:
    /// `path` may be empty.
    explicit History(std::string path);

    /// Leaves out what starts with a space and what repeats the entry before.
    Result<void> add(const std::string& entry);
    const std::vector<std::string>& entries() const noexcept { return entries_; }
    /// Index of the latest entry before `before` that holds `text`; `entries().size()` if none.
    std::size_t find_before(std::size_t before, std::string_view text) const;

private:
    std::string path_;
    std::vector<std::string> entries_;
};

}  // namespace obliv::cli
