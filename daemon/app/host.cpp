#include "daemon/app/host.hpp"

#include "core/base/version.hpp"
#include "daemon/app/channel_test.hpp"
#include "daemon/app/health_checks.hpp"
#include "daemon/app/provider_fetch.hpp"
#include "daemon/billing/period_budget.hpp"

namespace obliv::daemon {

Result<admin::ChannelTest> LiveHost::test_channel(const channels::Entry& channel,
                                                  std::string_view upstream_model) {
    if (channel.provider == nullptr)
        return fail(Code::unsupported, "the type of the channel is not known");
    Question question;
    question.model = upstream_model;
    question.key = key_to_test(*channel.keys);
    auto target = relay::make_target(channel, parts_.publisher.settings());
    auto test = daemon::test_channel(parts_.loops[0], lanes_->front()->pool, std::move(target),
                                     channel, question);
    if (test && test->ok)
        restore(channel, question.key);
    return test;
}

Result<std::vector<std::string>> LiveHost::fetch_models(const channels::Entry& channel) {
    if (channel.provider == nullptr)
        return fail(Code::unsupported, "the type of the channel is not known");
    auto target = relay::make_target(channel, parts_.publisher.settings());
    return daemon::fetch_models(parts_.loops[0], lanes_->front()->pool, std::move(target), channel,
                                key_to_test(*channel.keys));
}

Result<std::vector<providers::Balance>> LiveHost::fetch_balance(const channels::Entry& channel,
                                                                std::size_t key) {
    if (channel.provider == nullptr)
        return fail(Code::unsupported, "the type of the channel is not known");
    auto target = relay::make_target(channel, parts_.publisher.settings());
    return daemon::fetch_balance(parts_.loops[0], lanes_->front()->pool, std::move(target), channel,
                                 key);
}

std::optional<ledger::BalanceFigures> LiveHost::account_figures(AccountId account) {
    return parts_.books.account_figures(account);
}

std::optional<ledger::BalanceFigures> LiveHost::token_figures(TokenId token) {
    return parts_.books.token_figures(token);
}

bool LiveHost::is_degraded(AccountId account) {
    auto view = parts_.books.view();
    const auto* found = view->accounts.find(account);
    return found != nullptr && found->degraded && found->low->reached();
}

Result<storage::Transfer> LiveHost::topup(AccountId account, Money amount, std::string operation_id,
                                          std::string reason, std::optional<WallTime> expires_at) {
    auto done =
        parts_.books.topup(account, amount, std::move(operation_id), std::move(reason), expires_at);
    parts_.notices.look_at(account);
    return done;
}

Result<storage::Transfer> LiveHost::adjust(AccountId account, Money amount,
                                           std::string operation_id, std::string reason) {
    auto done = parts_.books.adjust(account, amount, std::move(operation_id), std::move(reason));
    parts_.notices.look_at(account);
    return done;
}

Result<storage::Transfer> LiveHost::transfer(AccountId source, AccountId target, Money amount,
                                             std::string operation_id, std::string reason) {
    auto done =
        parts_.books.transfer(source, target, amount, std::move(operation_id), std::move(reason));
    parts_.notices.look_at(source);
    parts_.notices.look_at(target);
    return done;
}

Result<storage::Transfer> LiveHost::redeem(std::string_view code, AccountId account,
                                           TokenId token) {
    auto done = parts_.books.redeem(code, account, token);
    parts_.notices.look_at(account);
    return done;
}

std::optional<admin::BudgetState> LiveHost::budget_state(storage::BudgetId id) {
    auto budget = parts_.books.budget(id);
    if (!budget)
        return std::nullopt;
    auto period = budget->at(real_clock().wall());
    return admin::BudgetState{period->balance.figures(), period->when, budget->time_zone()};
}

admin::Status LiveHost::status() {
    admin::Status status;
    status.version = std::string(version);
    status.started_at = parts_.started_at;
    status.uptime =
        std::chrono::duration_cast<std::chrono::seconds>(real_clock().wall() - parts_.started_at);
    status.requests_in_flight = parts_.vitals.requests_in_flight();
    status.commit_lag = parts_.database.writer().stats().commit_lag;
    status.ready = parts_.vitals.not_ready().empty();
    status.draining = parts_.draining;
    return status;
}

Result<std::vector<std::string>> LiveHost::reload() {
    auto report = parts_.options.request_reload();
    if (!report)
        return report.error();
    return std::move(report->needs_restart);
}

}  // namespace obliv::daemon
