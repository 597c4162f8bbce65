#pragma once

#include "core/tokenizer/tokenizers.hpp"
#include "daemon/admin/dispatch.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/live/counters.hpp"
#include "tests/support/calls.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace obliv::test {

using Json = nlohmann::json;

/// A daemon around the management API that consists of a real store and little else.
class FakeHost final : public admin::Host {
public:
    FakeHost();

    const Clock& clock() const override { return clock_; }
    storage::Database& database() override { return *database_; }
    const tokenizer::Tokenizers& tokenizers() override { return tokenizers_; }
    const live::Counters& live() override { return live_; }
    bool may_read_captures(TokenId token) override { return token == reader; }
    TokenId reader{};
    Result<void> publish_tokens() override { return published("tokens"); }
    Result<void> publish_channels() override;
    Result<void> publish_prices() override { return published("prices"); }
    Result<void> publish_token(TokenId) override { return published("tokens"); }
    Result<void> publish_account(AccountId) override { return published("accounts"); }
    std::shared_ptr<const channels::ChannelTable> channels() override { return table_; }
    channels::RoutingSettings routing() override { return {}; }
    Result<std::vector<std::string>> fetch_models(const channels::Entry& channel) override {
        fetched = channel.channel.name;
        return offered;
    }
    Result<std::vector<providers::Balance>> fetch_balance(const channels::Entry&,
                                                          std::size_t key) override {
        if (key > 0)
            return fail(Code::upstream_credentials, "the provider answered 401");
        return std::vector<providers::Balance>{{"12.50", "USD"}};
    }
    Result<admin::ChannelTest> test_channel(const channels::Entry& channel,
                                            std::string_view upstream_model) override;
    std::optional<ledger::BalanceFigures> account_figures(AccountId account) override;
    bool is_degraded(AccountId account) override { return account == degraded; }
    std::optional<ledger::BalanceFigures> token_figures(TokenId token) override;
    Result<storage::Transfer> topup(AccountId account, Money amount, std::string operation_id,
                                    std::string reason,
                                    std::optional<WallTime> expires_at) override;
    Result<storage::Transfer> transfer(AccountId source, AccountId target, Money amount,
                                       std::string operation_id, std::string reason) override;
    Result<std::vector<ledger::Lot>> lots(AccountId account) override;
    Result<storage::Transfer> redeem(std::string_view code, AccountId account,
                                     TokenId token) override;
    Result<storage::Transfer> adjust(AccountId account, Money amount, std::string operation_id,
                                     std::string reason) override;
    std::optional<admin::BudgetState> budget_state(storage::BudgetId) override {
        return std::nullopt;
    }
    Result<storage::LedgerReport> verify_ledger() override;
    std::vector<admin::NoticeTest> test_notices() override { return receivers; }
    admin::Status status() override;
    Result<std::vector<std::string>> reload() override { return reloaded; }
    void drain() override { drained = true; }
    void set_log_level(log::Level level) override { log_level = level; }

    FakeClock clock_;
    live::Counters live_{clock_};
    std::vector<std::string> publications;  ///< what was published, in order
    std::optional<Error> publish_error;
    Result<std::vector<std::string>> reloaded{std::vector<std::string>{}};
    bool drained = false;
    AccountId degraded;                        ///< whose calls are; none: nobody's
    std::vector<admin::NoticeTest> receivers;  ///< and what they say to a test
    log::Level log_level = log::Level::info;
    std::string fetched;  ///< channel of the last fetch of models
    Result<std::vector<std::string>> offered{std::vector<std::string>{"a", "b", "c"}};
    std::string tested;  ///< channel and upstream model of the last test

private:
    Result<void> published(std::string what);
    Result<storage::Transfer> move(AccountId source, AccountId target, Money amount,
                                   ledger::TransferKind kind, std::string operation_id,
                                   std::string reason,
                                   std::optional<WallTime> expires_at = std::nullopt);

    TempFolder folder_;
    tokenizer::Tokenizers tokenizers_;
    std::unique_ptr<storage::Database> database_;
    std::shared_ptr<const channels::ChannelTable> table_;
};

/// Calls the API as an administrator (unless told otherwise) and holds every good answer against
/// the schema that its route promises.
class World {
public:
    struct Answer {
        int status = 0;
        Json body;
        std::string text;

        const Json& operator[](const char* field) const { return body.at(field); }
        std::string code() const { return body.at("error").at("code"); }
        std::string message() const { return body.at("error").at("message"); }
        std::string param() const {
            const auto& param = body.at("error").at("param");
            return param.is_null() ? "" : param.get<std::string>();
        }
    };

    Answer call(const std::string& method, const std::string& target, const std::string& body = "");
    /// The same, with the status it must have.
    Answer good(const std::string& method, const std::string& target, const std::string& body = "",
                int status = 200);
    /// A call that must be refused with this code, and that says why.
    Answer bad(const std::string& method, const std::string& target, const std::string& body,
               const std::string& code);
    /// Every `field` of a list, walked by its cursors.
    std::vector<std::string> walk(const std::string& path, const std::string& field, int limit);

    FakeHost host;
    admin::Caller caller = local_caller();

    static admin::Caller local_caller();
    static admin::Caller token_caller(storage::TokenRole role);
};

}  // namespace obliv::test
