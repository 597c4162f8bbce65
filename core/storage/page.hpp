#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace obliv::storage {

/// Which part of a list: rows after `after` (an id; 0 is the start, or the end when `descending`).
struct PageRequest {
    std::int64_t after = 0;
    int limit = 50;  ///< 1 to 1000
    bool descending = false;
};

template <typename Row>
struct Page {
    std::vector<Row> rows;
    std::optional<std::int64_t> next;  ///< `after` of the next page; nothing when this is the last
};

}  // namespace obliv::storage
