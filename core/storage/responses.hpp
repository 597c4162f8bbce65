#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// A reply of the Responses API that its caller may go on from by its id.
struct StoredResponse {
    std::string id;  ///< as the client was told
    TenantId tenant;
    AccountId account;  ///< whose it is: nobody else finds it
    WallTime created{};
    std::string previous;  ///< id of the response that it goes on from; empty: it began
    std::string input;     ///< JSON: the items of its own request, not those before them
    std::string response;  ///< JSON: the response as it was sent
};

class ResponseStore {
public:
    virtual ~ResponseStore() = default;
    /// A second one with the same id replaces the first, if it is the same account's.
    virtual Result<void> put(const StoredResponse& response) = 0;
    virtual Result<StoredResponse> get(AccountId account, std::string_view id) = 0;  ///< not_found
    /// The response and all that it goes on from, oldest first, up to `count_max` of them.
    /// not_found: it or one of those before it is not there (any more).
    virtual Result<std::vector<StoredResponse>> chain(AccountId account, std::string_view id,
                                                      int count_max) = 0;
    virtual Result<void> remove(AccountId account, std::string_view id) = 0;  ///< not_found
    /// Removes up to `count_max` that are older than `before`; how many went.
    virtual Result<std::int64_t> sweep(WallTime before, int count_max) = 0;
};

}  // namespace obliv::storage
