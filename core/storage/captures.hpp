#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// What was said in one call, as far as it was kept.
struct Capture {
    std::string request_id;  ///< as the client may have chosen it: others may have the same
    WallTime time{};         ///< when the call ended
    AccountId account;
    TokenId token;
    std::string model;
    std::string request;
    std::string reply;
    bool request_cut = false;  ///< it was longer than what is kept
    bool reply_cut = false;
};

/// Apart from usage rows: with a life of their own.
class CaptureStore {
public:
    virtual ~CaptureStore() = default;
    virtual Result<void> put(const Capture& capture) = 0;
    /// The newest ones of the calls with this id.
    virtual Result<std::vector<Capture>> find(std::string_view request_id, int limit) = 0;
    /// Removes some of those from before `before`, and of the oldest that do not fit into
    /// `bytes_max`: at most `count_max` of each. How many.
    virtual Result<std::int64_t> sweep(WallTime before, std::int64_t bytes_max, int count_max) = 0;
};

}  // namespace obliv::storage
