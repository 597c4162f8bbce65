#pragma once

#include "daemon/admin/request.hpp"

namespace obliv::admin {

// tokens.cpp
Result<Reply> list_tokens(const Request& request, Host& host);
Result<Reply> create_token(const Request& request, Host& host);
Result<Reply> get_token(const Request& request, Host& host);
Result<Reply> change_token(const Request& request, Host& host);
Result<Reply> remove_token(const Request& request, Host& host);
Result<Reply> rotate_token(const Request& request, Host& host);
Result<Reply> revoke_token(const Request& request, Host& host);
Result<Reply> restore_token(const Request& request, Host& host);

// count.cpp
Result<Reply> count_tokens(const Request& request, Host& host);

// channels.cpp
Result<Reply> list_channels(const Request& request, Host& host);
Result<Reply> create_channel(const Request& request, Host& host);
Result<Reply> get_channel(const Request& request, Host& host);
Result<Reply> change_channel(const Request& request, Host& host);
Result<Reply> remove_channel(const Request& request, Host& host);

// channel_keys.cpp
Result<Reply> add_channel_keys(const Request& request, Host& host);
Result<Reply> remove_channel_key(const Request& request, Host& host);
Result<Reply> channel_history(const Request& request, Host& host);

// routing.cpp
Result<Reply> test_channel(const Request& request, Host& host);
Result<Reply> channel_balance(const Request& request, Host& host);
Result<Reply> channel_models(const Request& request, Host& host);
Result<Reply> explain_channels(const Request& request, Host& host);
Result<Reply> list_models(const Request& request, Host& host);

// providers.cpp
Result<Reply> list_providers(const Request& request, Host& host);
Result<Reply> add_provider(const Request& request, Host& host);
Result<Reply> get_provider(const Request& request, Host& host);
Result<Reply> set_provider(const Request& request, Host& host);
Result<Reply> remove_provider(const Request& request, Host& host);
Result<Reply> provider_history(const Request& request, Host& host);

// prices.cpp
Result<Reply> list_prices(const Request& request, Host& host);
Result<Reply> get_price(const Request& request, Host& host);
Result<Reply> price_history(const Request& request, Host& host);
Result<Reply> set_price(const Request& request, Host& host);
Result<Reply> remove_price(const Request& request, Host& host);

// accounts.cpp
Result<Reply> list_accounts(const Request& request, Host& host);
Result<Reply> create_account(const Request& request, Host& host);
Result<Reply> get_account(const Request& request, Host& host);
Result<Reply> change_account(const Request& request, Host& host);
Result<Reply> topup_account(const Request& request, Host& host);
Result<Reply> adjust_account(const Request& request, Host& host);
Result<Reply> transfer_money(const Request& request, Host& host);
Result<Reply> list_lots(const Request& request, Host& host);

// budgets.cpp
Result<Reply> list_budgets(const Request& request, Host& host);
Result<Reply> create_budget(const Request& request, Host& host);
Result<Reply> get_budget(const Request& request, Host& host);
Result<Reply> change_budget(const Request& request, Host& host);
Result<Reply> remove_budget(const Request& request, Host& host);

// own.cpp
Result<Reply> own_usage(const Request& request, Host& host);
Result<Reply> show_subscription(const Request& request, Host& host);
Result<Reply> show_billing_usage(const Request& request, Host& host);

// statements.cpp
Result<Reply> show_statement(const Request& request, Host& host);
Result<Reply> list_statement_lines(const Request& request, Host& host);

// redeem.cpp
Result<Reply> create_redeem_codes(const Request& request, Host& host);
Result<Reply> list_redeem_codes(const Request& request, Host& host);
Result<Reply> revoke_redeem_codes(const Request& request, Host& host);
Result<Reply> use_redeem_code(const Request& request, Host& host);

// usage.cpp
Result<Reply> list_usage(const Request& request, Host& host);
Result<Reply> report_usage(const Request& request, Host& host);
Result<Reply> business_usage(const Request& request, Host& host);
Result<Reply> live_usage(const Request& request, Host& host);
Result<Reply> get_call(const Request& request, Host& host);

Result<Reply> list_captures(const Request& request, Host& host);  // captures.cpp

// requests.cpp
Result<Reply> get_request(const Request& request, Host& host);
Result<Reply> report_attempts(const Request& request, Host& host);

// ledger.cpp
Result<Reply> list_entries(const Request& request, Host& host);
Result<Reply> verify_ledger(const Request& request, Host& host);

// notices.cpp
Result<Reply> list_notices(const Request& request, Host& host);
Result<Reply> test_notices(const Request& request, Host& host);

// system.cpp
Result<Reply> who_am_i(const Request& request, Host& host);
Result<Reply> show_status(const Request& request, Host& host);
Result<Reply> reload(const Request& request, Host& host);
Result<Reply> drain(const Request& request, Host& host);
Result<Reply> set_log_level(const Request& request, Host& host);
Result<Reply> show_openapi(const Request& request, Host& host);

}  // namespace obliv::admin
