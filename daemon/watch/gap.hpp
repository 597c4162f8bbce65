#pragma once

#include "core/base/money.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace obliv::watch {

/// What one of those who count has counted since the start. None of it ever becomes less.
struct Count {
    std::int64_t calls = 0;
    Money billed;
    std::int64_t units = 0;

    bool operator==(const Count&) const = default;
    /// Whether all of it is at most that.
    bool within(const Count& other) const noexcept;
};

/// Those who count, independently of each other: the loops that end calls, the thread that writes
/// their charges, and the store. Functions may block.
class Counting {
public:
    virtual ~Counting() = default;
    virtual Count ended() = 0;
    virtual Count written() = 0;
    virtual std::optional<Count> stored() = 0;  ///< nothing: the store cannot be asked now
};

/// Compares them from time to time. What ended before the last look must be written now, what was
/// written then must be stored, nobody may count more than those before him, and when nothing
/// happened meanwhile all have to agree. So calls that are on their way are no gap, and a gap is
/// seen at the first quiet moment, or at once if it is larger than what is on its way.
class GapWatch {
public:
    explicit GapWatch(Counting& counting) : counting_(counting) {}
    /// What does not agree, in words; empty: all does. Looks are further apart than a charge needs
    /// to be stored.
    std::string look();
    /// Whether all agreed to the last figure at the last look: then an earlier gap has closed.
    bool exact() const noexcept { return exact_; }

private:
    struct Look {
        Count ended;
        Count written;
    };
    Counting& counting_;
    std::optional<Look> last_;
    bool exact_ = false;
};

}  // namespace obliv::watch
