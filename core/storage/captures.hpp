#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::storage {

/// What was said in one call, as far as it was kept.
struct Capture {
    std::string request_id;
    WallTime time{};
    std::string request;
    std::string reply;
    bool request_cut = false;  ///< it was longer than what is kept
    bool reply_cut = false;
};

/// Apart from usage rows: with a life of their own.
class CaptureStore {
public:
    virtual ~CaptureStore() = default;
    virtual Result<void> put(const Capture& capture) = 0;          ///< replaces one of the same id
    virtual Result<Capture> get(std::string_view request_id) = 0;  ///< not_found
    /// Removes at most `count_max` of those from before `before`; how many.
    virtual Result<std::int64_t> sweep(WallTime before, int count_max) = 0;
};

}  // namespace obliv::storage
