#pragma once

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/result.hpp"
#include "core/ledger/balance.hpp"
#include "core/ledger/period.hpp"
#include "core/providers/balance.hpp"
#include "core/storage/store.hpp"
#include "daemon/channels/plan.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::live {
class Counters;
}
namespace obliv::tokenizer {
class Tokenizers;
}

namespace obliv::admin {

/// What one tiny, unbilled chat with a channel came to.
struct ChannelTest {
    bool ok = false;
    int status = 0;  ///< of the provider's reply; 0: there was none
    std::chrono::microseconds latency{0};
    std::string reply;  ///< what the model said
    std::string error;  ///< fit to be shown
};

/// A budget as it is now.
struct BudgetState {
    ledger::BalanceFigures figures;
    ledger::Period period;
    std::string time_zone;
};

/// What one receiver of notices said to a test.
struct NoticeTest {
    std::string receiver;
    std::string error;  ///< empty: it took it
};

struct Status {
    std::string version;
    WallTime started_at{};
    std::chrono::seconds uptime{0};
    std::int64_t requests_in_flight = 0;
    std::chrono::microseconds commit_lag{0};
    bool ready = false;
    bool draining = false;
};

/// What the management API needs of the daemon around it; app.cpp implements it. Every function is
/// called on worker threads, several at once, and may block unless it says otherwise.
class Host {
public:
    virtual ~Host() = default;
    virtual const Clock& clock() const = 0;
    virtual storage::Database& database() = 0;
    virtual const tokenizer::Tokenizers& tokenizers() = 0;
    /// Whether the token may read what was said in calls. Does not block.
    virtual bool may_read_captures(TokenId token) = 0;
    /// What ended lately. Does not block.
    virtual const live::Counters& live() = 0;

    /// Each returns when every loop works with what the store holds now.
    virtual Result<void> publish_tokens() = 0;
    virtual Result<void> publish_channels() = 0;
    virtual Result<void> publish_prices() = 0;
    virtual Result<void> publish_token(TokenId id) = 0;
    virtual Result<void> publish_account(AccountId id) = 0;

    /// The table that the loops work with. Never null; does not block.
    virtual std::shared_ptr<const channels::ChannelTable> channels() = 0;
    /// How the loops choose. Does not block.
    virtual channels::RoutingSettings routing() = 0;
    /// Asks a channel of that table for `upstream_model`. The channel's troubles are in the answer;
    /// an Error is ours.
    virtual Result<ChannelTest> test_channel(const channels::Entry& channel,
                                             std::string_view upstream_model) = 0;

    /// Asks a channel's provider for the names of its models.
    virtual Result<std::vector<std::string>> fetch_models(const channels::Entry& channel) = 0;
    /// Asks it what is left of one key's money.
    virtual Result<std::vector<providers::Balance>> fetch_balance(const channels::Entry& channel,
                                                                  std::size_t key) = 0;

    /// Live figures. Nothing: the books do not know the account, or the token.
    virtual std::optional<ledger::BalanceFigures> account_figures(AccountId account) = 0;
    virtual std::optional<ledger::BalanceFigures> token_figures(TokenId token) = 0;
    /// Whether its calls are degraded now, because it is nearly out of money.
    virtual bool is_degraded(AccountId account) = 0;
    /// As billing::Books: a repeat of the operation id answers the first transfer.
    virtual Result<storage::Transfer> topup(AccountId account, Money amount,
                                            std::string operation_id, std::string reason,
                                            std::optional<WallTime> expires_at) = 0;
    virtual Result<storage::Transfer> adjust(AccountId account, Money amount,
                                             std::string operation_id, std::string reason) = 0;
    virtual Result<storage::Transfer> transfer(AccountId source, AccountId target, Money amount,
                                               std::string operation_id, std::string reason) = 0;
    virtual Result<std::vector<ledger::Lot>> lots(AccountId account) = 0;
    virtual Result<storage::Transfer> redeem(std::string_view code, AccountId account,
                                             TokenId token) = 0;
    /// Nothing: it is not published.
    virtual std::optional<BudgetState> budget_state(storage::BudgetId budget) = 0;
    virtual Result<storage::LedgerReport> verify_ledger() = 0;

    /// Sends a notice to every receiver; empty: none is set up.
    virtual std::vector<NoticeTest> test_notices() = 0;

    virtual Status status() = 0;
    /// Takes the configuration over again; the settings that wait for the next start.
    virtual Result<std::vector<std::string>> reload() = 0;
    /// Begins the graceful stop; returns at once.
    virtual void drain() = 0;
    virtual void set_log_level(log::Level level) = 0;
};

}  // namespace obliv::admin
