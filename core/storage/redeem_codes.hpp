#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/base/result.hpp"
#include "core/storage/page.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace obliv::storage {

/// A code that stands for money. Only its digest is kept, and its beginning to find it by.
struct RedeemCode {
    std::int64_t id = 0;
    TenantId tenant;
    std::string batch;
    Sha256 digest{};
    std::string prefix;
    Money amount;
    WallTime created_at{};
    std::optional<WallTime> expires_at;              ///< not used from then on
    std::optional<std::chrono::milliseconds> lasts;  ///< its money expires so long after its use
    std::optional<WallTime> revoked_at;
    std::optional<WallTime> used_at;
    AccountId account;  ///< that got the money
    TokenId token;      ///< that redeemed it; none: an administrator
};

struct RedeemFilter {
    std::string batch;   ///< empty: all, as everywhere here
    std::string prefix;  ///< the whole prefix
    std::string state;   ///< open, used, revoked or expired
    WallTime now{};      ///< what `expired` means
};

/// Reads work on every session, writes on the writer's session only.
class RedeemCodeStore {
public:
    virtual ~RedeemCodeStore() = default;
    virtual Result<void> insert(std::span<RedeemCode> codes) = 0;  ///< fills their ids
    virtual Result<Page<RedeemCode>> page(const RedeemFilter& filter,
                                          const PageRequest& request) = 0;
    virtual Result<RedeemCode> find(const Sha256& digest) = 0;  ///< not_found
    /// Marks an unused code as used; conflict: it is not.
    virtual Result<void> use(std::int64_t id, WallTime now, AccountId account, TokenId token) = 0;
    /// Revokes a code that is not used, or all such of a batch; says how many.
    virtual Result<std::int64_t> revoke(std::int64_t id, WallTime now) = 0;
    virtual Result<std::int64_t> revoke_batch(std::string_view batch, WallTime now) = 0;
};

}  // namespace obliv::storage
