#pragma once

#include "core/base/secret.hpp"
#include "core/ledger/balance.hpp"
#include "core/storage/store.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/channels/channels.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::admin {

// Rows as the JSON of their schema (core/api/schemas.cpp). Texts that are not UTF-8 are mended.

/// `key` is shown when there is one: in the answer that made it, and nowhere else.
std::string token_json(const storage::Token& token, Host& host, const Secret* key = nullptr);
/// Never the keys, only their hints.
std::string channel_json(const storage::Channel& channel, const channels::ChannelTable& table,
                         const Clock& clock);
std::string channel_event_json(const storage::ChannelEvent& event,
                               const channels::ChannelTable& table);
std::string price_json(const storage::PriceRow& row);
/// The name of the channel that a price is meant for, or its id; empty: it is meant for all.
std::string price_channel(const storage::PriceRow& row);
/// Millionths as a decimal.
std::string share_text(std::int64_t millionths);
std::string account_json(const storage::Account& account, Host& host);
std::string transfer_json(const storage::Transfer& transfer);
std::string budget_json(const storage::Budget& budget, Host& host);
std::string lot_json(const ledger::Lot& lot);
std::string call_json(const storage::Call& call);
std::string capture_json(const storage::Capture& capture);
std::string entry_json(const storage::Entry& entry, std::string_view request_id);
std::string group_json(const storage::UsageGroup& group, const std::vector<std::string>& by);
std::string business_json(const storage::BusinessRow& row);
std::string verification_json(const storage::LedgerReport& report);
std::string explanation_json(const channels::Explanation& explanation, std::string_view model,
                             std::string_view group);
struct BalanceRow {
    std::string key;
    std::string hint;
    std::string amount;    ///< empty: not told
    std::string currency;  ///< likewise
    std::string error;     ///< likewise
};
std::string channel_balance_json(const BalanceRow& row);
std::string channel_model_json(std::string_view model, bool served, std::optional<bool> offered);
std::string channel_test_json(const ChannelTest& test, std::string_view model);
std::string model_json(std::string_view model, const std::vector<std::string>& channels,
                       const storage::PriceRow* price);
/// What is known of a provider.
struct ProviderFacts {
    const providers::Provider* provider = nullptr;
    std::int64_t version = 0;  ///< of its description; 0: it is built in
    WallTime created_at{};
    std::string description{};  ///< empty: not to be shown
};
std::string provider_json(const ProviderFacts& facts);
std::string provider_version_json(const storage::ProviderRow& row);
std::string status_json(const Status& status, const channels::ChannelTable& table);

/// A JSON text; a JSON list of texts; an object or list of values that are JSON already.
std::string text_json(std::string_view text);
std::string texts_json(const std::vector<std::string>& texts);
std::string joined(const std::vector<std::string>& values);

/// `{"data":[…],"next_cursor":…}`.
std::string list_json(const std::vector<std::string>& rows, std::string_view list,
                      std::optional<std::int64_t> next);
/// The same with a cursor that is made already; empty: this is the last page.
std::string list_json(const std::vector<std::string>& rows, std::string_view next_cursor);

}  // namespace obliv::admin
