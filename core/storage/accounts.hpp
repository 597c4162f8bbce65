#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/base/result.hpp"
#include "core/ledger/kinds.hpp"
#include "core/storage/page.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

using ledger::AccountKind;
using ledger::funding_account;
using ledger::loss_account;
using ledger::revenue_account;

/// Exist from the first migration on, like the system accounts of core/ledger/kinds.hpp.
inline constexpr AccountId admin_account{10};  ///< the administrator's: unlimited
inline constexpr TenantId first_tenant{1};
inline constexpr UserId first_user{1};  ///< the administrator

/// What changes for the calls of an account that is nearly out of money.
struct Degraded {
    std::map<std::string, std::string> models;  ///< asked instead, by name or pattern
    int requests_per_minute = 0;                ///< of each token; 0: as otherwise
    int concurrent_max = 0;                     ///< likewise

    bool any() const noexcept {
        return !models.empty() || requests_per_minute > 0 || concurrent_max > 0;
    }
    bool operator==(const Degraded&) const = default;
};

struct Account {
    AccountId id;
    TenantId tenant;
    UserId user;       ///< whose it is; none: the tenant's, or a system account
    std::string name;  ///< unique in the tenant
    AccountKind kind = AccountKind::prepaid;
    Money credit_limit;  ///< of AccountKind::credit
    Money balance;       ///< sum of its entries up to the fold watermark; read-only
    WallTime created_at{};
    std::string time_zone = "UTC";  ///< by whose clocks its budgets begin anew
    Degraded degraded{};
};

/// Reads work on every session, writes on the writer's session only.
class AccountStore {
public:
    virtual ~AccountStore() = default;
    virtual Result<std::vector<Account>> all() = 0;
    virtual Result<Page<Account>> page(const PageRequest& request) = 0;
    virtual Result<Account> get(AccountId id) = 0;                 ///< not_found
    virtual Result<Account> find(std::string_view name) = 0;       ///< not_found
    virtual Result<AccountId> insert(const Account& account) = 0;  ///< conflict: the name is taken
    virtual Result<void>
    update(const Account& account) = 0;  ///< name, kind, credit_limit, time_zone, degraded
};

}  // namespace obliv::storage
