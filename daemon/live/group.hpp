#pragma once

#include "daemon/live/series.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace obliv::live {

/// A key with what it was used for.
struct Row {
    std::string key;
    bool others = false;  ///< all keys that have no row of their own, together
    Tally tally;
};

/// The series of the keys of one kind, at most so many: whoever comes when there is no place left
/// takes that of a key that has rested for five minutes, or is counted among the others.
class Group {
public:
    explicit Group(std::size_t keys_max) : keys_max_(keys_max) {}

    /// Where calls of a key are counted; valid until another key is asked for.
    Series& series(std::string_view key, std::int64_t now);
    void add_past(std::string_view key, std::int64_t second, std::int64_t now, const Tally& calls);
    /// The busiest keys of a window and the rest, in which no call is missing.
    std::vector<Row> rows(Window window, std::int64_t now, std::size_t rows_max) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    bool make_room(std::int64_t now);

    std::size_t keys_max_;
    std::int64_t looked_for_room_ = 0;
    std::unordered_map<std::string, std::unique_ptr<Series>, Hash, std::equal_to<>> keys_;
    Series others_;
};

}  // namespace obliv::live
