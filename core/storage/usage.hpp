#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/llm/usage.hpp"
#include "core/storage/page.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

/// What is known of a call while it is made: an open stream carries it along.
struct CallFacts {
    WallTime time{};  ///< when the request arrived
    TenantId tenant;
    AccountId account;
    UserId user;
    TokenId token;
    std::string model;         ///< as asked
    std::string model_served;  ///< as sent upstream; empty: no provider was reached
    ChannelId channel;         ///< none: no provider was reached
    int key_index = 0;
    llm::Usage usage;
    llm::UsageSource source = llm::UsageSource::none;
    Money cost;                 ///< what was charged; the rest of what was held went back
    std::int64_t ttft_us = -1;  ///< first payload byte after the request had arrived; -1: none
    std::int64_t duration_us = 0;
    int status = 0;    ///< HTTP status sent
    int attempts = 0;  ///< upstream calls made
    bool stream = false;
    std::string
        finish_reason;  ///< the provider's, or `aborted` (client left), `cut` (upstream broke off)
    std::string user_agent;  ///< cut at 96 bytes
    std::string error;       ///< public name of the Code that the call failed with; empty: none
};

/// One relayed call, as it ended: its charge and its usage row, stored together under one id.
struct Call : CallFacts {
    ChargeId id;
    std::string request_id;
    PriceId price;  ///< none: unpriced
    /// What of that price was charged, in millionths: for the group, of a batch, from the cache.
    std::int64_t share = 1'000'000;
    Money held;          ///< what was reserved
    Money loss;          ///< what the call cost above what the payer had: the operator's
    std::string client;  ///< address
    /// How the call found its provider, as JSON of at most 16 KiB; empty: at the first attempt,
    /// which this row tells all about. Not part of the intent ring: a kill may lose it.
    std::string record;
};

struct UsageFilter {
    std::optional<WallTime> since;
    std::optional<WallTime> until;
    std::string model;
    TokenId token;
    AccountId account;
    ChannelId channel;
    UserId user{};
    std::string error;
};

/// Hours, days and months are those of UTC.
enum class UsageKey : std::uint8_t {
    model,
    day,
    token,
    account,
    channel,
    served,  ///< the model as sent to the provider
    user,
    hour,
    month,
};

struct UsageGroup {
    std::vector<std::string> key;  ///< one text for each UsageKey asked, in that order
    std::int64_t requests = 0;
    /// Calls that were answered with an error or broke off; not those whose caller left meanwhile.
    std::int64_t errors = 0;
    llm::Usage usage;
    Money cost;
};

/// What a day or a month was for the business. Who has no user counts as its account.
struct BusinessRow {
    std::string period;          ///< 2026-01-31, or 2026-01
    std::int64_t active = 0;     ///< users who made a call
    std::int64_t returning = 0;  ///< those of them who had made one in an earlier period
    std::int64_t requests = 0;
    Money revenue;
};

/// What a step of retention did.
struct RetireStep {
    std::int64_t rows = 0;
    bool more = false;  ///< there is more to remove
};

/// How often calls to one channel ended in one way.
struct AttemptGroup {
    ChannelId channel;
    std::string cause;  ///< of the record; `ok` where the attempt succeeded
    std::int64_t attempts = 0;
};

/// Rows are written with their charges (LedgerStore).
class UsageStore {
public:
    virtual ~UsageStore() = default;
    virtual Result<Page<Call>> page(const UsageFilter& filter, const PageRequest& request) = 0;
    virtual Result<Call> get(std::string_view request_id) = 0;  ///< not_found
    /// From roll-ups as far as they reach, and from rows where they do not: the sums are those of
    /// the rows. A filter by error reads rows only. Months that retention has removed still count,
    /// as far as whole hours tell them.
    virtual Result<std::vector<UsageGroup>> report(const UsageFilter& filter,
                                                   const std::vector<UsageKey>& by) = 0;
    /// By day, or by month: periods that lie in the filter's time (whole days) and had calls.
    virtual Result<std::vector<BusinessRow>> business(const UsageFilter& filter, bool monthly) = 0;
    /// The writer's session only: removes at most `rows_max` usage rows of months that had ended
    /// before `before`, the oldest first. Charges and roll-ups stay; what was removed is noted, so
    /// that verify can tell it from what is lost.
    virtual Result<RetireStep> retire(WallTime before, std::int64_t rows_max) = 0;
    /// Call::record, which page() and get() leave out; empty: there is none.
    virtual Result<std::string> record(ChargeId id) = 0;
    /// Attempts of the calls of a filter, by channel and cause; `error` and `channel` of the filter
    /// are those of the calls, as everywhere.
    virtual Result<std::vector<AttemptGroup>> attempts(const UsageFilter& filter) = 0;
};

}  // namespace obliv::storage
