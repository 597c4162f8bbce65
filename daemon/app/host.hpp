#pragma once

#include "daemon/admin/host.hpp"
#include "daemon/app.hpp"
#include "daemon/app/capture.hpp"
#include "daemon/app/lane.hpp"
#include "daemon/app/notice_desk.hpp"
#include "daemon/app/vitals.hpp"

#include <atomic>

namespace obliv::daemon {

/// The management API's view of the daemon.
class LiveHost final : public admin::Host {
public:
    struct Parts {
        storage::Database& database;
        const tokenizer::Tokenizers& tokenizers;
        const live::Counters& live;
        const CaptureDesk& captures;
        billing::Books& books;
        Publisher& publisher;
        loop::Loops& loops;
        LiveVitals& vitals;
        NoticeDesk& notices;
        const App::Options& options;
        const std::atomic<bool>& draining;
        WallTime started_at;
    };
    explicit LiveHost(const Parts& parts) : parts_(parts) {}
    /// Before the loops run.
    void attach(const std::vector<std::unique_ptr<Lane>>* lanes) { lanes_ = lanes; }

    const Clock& clock() const override { return real_clock(); }
    storage::Database& database() override { return parts_.database; }
    const tokenizer::Tokenizers& tokenizers() override { return parts_.tokenizers; }
    const live::Counters& live() override { return parts_.live; }
    bool may_read_captures(TokenId token) override { return parts_.captures.may_read(token); }
    Result<void> publish_tokens() override { return parts_.publisher.tokens(); }
    Result<void> publish_channels() override { return parts_.publisher.channels(); }
    Result<void> publish_prices() override { return parts_.publisher.prices(); }
    Result<void> publish_token(TokenId id) override { return parts_.publisher.token(id); }
    Result<void> publish_account(AccountId id) override { return parts_.publisher.account(id); }
    std::shared_ptr<const channels::ChannelTable> channels() override {
        return parts_.publisher.channel_table();
    }
    channels::RoutingSettings routing() override { return parts_.publisher.routing(); }
    Result<std::vector<std::string>> fetch_models(const channels::Entry& channel) override;
    Result<std::vector<providers::Balance>> fetch_balance(const channels::Entry& channel,
                                                          std::size_t key) override;
    Result<admin::ChannelTest> test_channel(const channels::Entry& channel,
                                            std::string_view upstream_model) override;
    std::optional<ledger::BalanceFigures> account_figures(AccountId account) override;
    std::optional<ledger::BalanceFigures> token_figures(TokenId token) override;
    bool is_degraded(AccountId account) override;
    Result<storage::Transfer> topup(AccountId account, Money amount, std::string operation_id,
                                    std::string reason,
                                    std::optional<WallTime> expires_at) override;
    Result<storage::Transfer> adjust(AccountId account, Money amount, std::string operation_id,
                                     std::string reason) override;
    Result<storage::Transfer> transfer(AccountId source, AccountId target, Money amount,
                                       std::string operation_id, std::string reason) override;
    Result<std::vector<ledger::Lot>> lots(AccountId account) override {
        return parts_.books.lots(account);
    }
    Result<storage::Transfer> redeem(std::string_view code, AccountId account,
                                     TokenId token) override;
    std::optional<admin::BudgetState> budget_state(storage::BudgetId budget) override;
    Result<storage::LedgerReport> verify_ledger() override { return parts_.books.verify(); }
    std::vector<admin::NoticeTest> test_notices() override { return parts_.notices.test(); }
    admin::Status status() override;
    Result<std::vector<std::string>> reload() override;
    void drain() override { parts_.options.request_stop(); }
    void set_log_level(log::Level level) override { log::set_level(level); }

private:
    Parts parts_;
    const std::vector<std::unique_ptr<Lane>>* lanes_ = nullptr;
};

}  // namespace obliv::daemon
