#include "daemon/admin/routes.hpp"

#include "daemon/admin/handlers.hpp"
#include "daemon/admin/price_handlers.hpp"

#include <array>
#include <vector>

namespace obliv::admin {
namespace {

using enum api::Access;
using enum api::Answer;

// clang-format off
constexpr std::array table{
    Route{{"GET", "/openapi.json", open, "This document", "", "", object, ""}, show_openapi},

    Route{{"GET", "/api/v1/whoami", any, "Who the caller is", "", "", object, "WhoAmI"}, who_am_i},

    Route{{"GET", "/api/v1/whoami/usage", any, "Sums the calls of the caller's own token by model or day", "by since until model", "", object, "UsageReport"}, own_usage},
    Route{{"GET", "/v1/dashboard/billing/subscription", any, "What the caller's token may spend, as OpenAI once told it", "", "", object, "BillingSubscription"}, show_subscription},
    Route{{"GET", "/v1/dashboard/billing/usage", any, "What the caller's token has spent, as OpenAI once told it", "start_date end_date", "", object, "BillingUsage"}, show_billing_usage},
    Route{{"GET", "/dashboard/billing/subscription", any, "The same at the path of some other programs", "", "", object, "BillingSubscription"}, show_subscription},
    Route{{"GET", "/dashboard/billing/usage", any, "The same at the path of some other programs", "start_date end_date", "", object, "BillingUsage"}, show_billing_usage},

    Route{{"GET", "/api/v1/tokens", admin, "Lists the tokens", "limit cursor", "", list, "Token"}, list_tokens},
    Route{{"POST", "/api/v1/tokens", admin, "Makes a token and shows its key, once", "", "TokenCreate", object, "Token", 201}, create_token},
    Route{{"POST", "/api/v1/tokens/count", any, "Counts the tokens of a text, or of a whole request", "", "CountAsk", object, "TokenCount"}, count_tokens},
    Route{{"GET", "/api/v1/tokens/{id}", admin, "Shows a token", "", "", object, "Token"}, get_token},
    Route{{"PATCH", "/api/v1/tokens/{id}", admin, "Changes a token", "", "TokenPatch", object, "Token"}, change_token},
    Route{{"DELETE", "/api/v1/tokens/{id}", admin, "Removes a token", "", "", none, "", 204}, remove_token},
    Route{{"POST", "/api/v1/tokens/{id}/rotate", admin, "Gives a token a new key; the old one ends at once", "", "", object, "Token"}, rotate_token},
    Route{{"POST", "/api/v1/tokens/{id}/revoke", admin, "Stops a token", "", "", object, "Token"}, revoke_token},
    Route{{"POST", "/api/v1/tokens/{id}/restore", admin, "Lets a revoked token in again", "", "", object, "Token"}, restore_token},

    Route{{"GET", "/api/v1/channels", admin, "Lists the channels", "limit cursor", "", list, "Channel"}, list_channels},
    Route{{"POST", "/api/v1/channels", admin, "Adds a channel", "", "ChannelCreate", object, "Channel", 201}, create_channel},
    Route{{"GET", "/api/v1/channels/explain", admin, "Says which channels would serve a model, and why", "model group", "", object, "Explanation"}, explain_channels},
    Route{{"GET", "/api/v1/channels/{id}", admin, "Shows a channel", "", "", object, "Channel"}, get_channel},
    Route{{"PATCH", "/api/v1/channels/{id}", admin, "Changes a channel", "", "ChannelPatch", object, "Channel"}, change_channel},
    Route{{"DELETE", "/api/v1/channels/{id}", admin, "Removes a channel", "", "", none, "", 204}, remove_channel},
    Route{{"POST", "/api/v1/channels/{id}/keys", admin, "Gives a channel more keys", "", "ChannelKeys", object, "Channel"}, add_channel_keys},
    Route{{"DELETE", "/api/v1/channels/{id}/keys/{key}", admin, "Takes a key from a channel", "", "", object, "Channel"}, remove_channel_key},
    Route{{"GET", "/api/v1/channels/{id}/history", admin, "Lists what happened to a channel by itself, newest first", "limit cursor", "", list, "ChannelEvent"}, channel_history},
    Route{{"POST", "/api/v1/channels/{id}/test", admin, "Tries a channel by one tiny, unbilled chat", "", "ChannelTestAsk", object, "ChannelTest"}, test_channel},
    Route{{"GET", "/api/v1/channels/{id}/models", admin, "Lists what a channel serves; `fetch=true` asks its provider", "fetch", "", list, "ChannelModel"}, channel_models},
    Route{{"GET", "/api/v1/channels/{id}/balance", admin, "Asks a channel's provider what is left of each key's money", "", "", list, "ChannelBalance"}, channel_balance},

    Route{{"GET", "/api/v1/models", admin, "Lists the models that callers can name", "limit cursor group", "", list, "Model"}, list_models},
    Route{{"GET", "/api/v1/providers", admin, "Lists the types of channels", "", "", list, "Provider"}, list_providers},
    Route{{"POST", "/api/v1/providers", admin, "Adds a type of channel that is described in TOML", "", "ProviderSet", object, "Provider", 201}, add_provider},
    Route{{"GET", "/api/v1/providers/{type}", admin, "Shows a type of channel", "", "", object, "Provider"}, get_provider},
    Route{{"PUT", "/api/v1/providers/{type}", admin, "Gives a described type a new version", "", "ProviderSet", object, "Provider"}, set_provider},
    Route{{"DELETE", "/api/v1/providers/{type}", admin, "Removes a described type that no channel uses", "", "", none, "", 204}, remove_provider},
    Route{{"GET", "/api/v1/providers/{type}/versions", admin, "Lists the versions of a description, newest first", "", "", list, "ProviderVersion"}, provider_history},

    Route{{"GET", "/api/v1/prices", admin, "Lists the prices in force", "limit cursor", "", list, "Price"}, list_prices},
    Route{{"GET", "/api/v1/prices/{model}/history", admin, "Lists every version of a price, newest first", "limit cursor", "", list, "Price"}, price_history},
    Route{{"GET", "/api/v1/prices/{model}", admin, "Shows the price of a model, or of a channel or variant of it", "channel variant", "", object, "Price"}, get_price},
    Route{{"POST", "/api/v1/prices/import", admin, "Sets many prices at once, or says what that would change", "", "PriceImport", object, "PriceImported"}, import_prices},
    Route{{"PUT", "/api/v1/prices/{model}", admin, "Sets the price of a model", "", "PriceSet", object, "Price"}, set_price},
    Route{{"DELETE", "/api/v1/prices/{model}", admin, "Takes a price off a model: the one of all calls, or of a channel or variant", "channel variant", "", none, "", 204}, remove_price},

    Route{{"GET", "/api/v1/accounts", admin, "Lists the accounts", "limit cursor", "", list, "Account"}, list_accounts},
    Route{{"POST", "/api/v1/accounts", admin, "Opens an account", "", "AccountCreate", object, "Account", 201}, create_account},
    Route{{"GET", "/api/v1/accounts/{id}", admin, "Shows an account", "", "", object, "Account"}, get_account},
    Route{{"PATCH", "/api/v1/accounts/{id}", admin, "Changes an account", "", "AccountPatch", object, "Account"}, change_account},
    Route{{"POST", "/api/v1/accounts/{id}/topup", admin, "Puts money into an account, for good or until a time", "", "TopupAsk", object, "TransferDone"}, topup_account},
    Route{{"POST", "/api/v1/accounts/{id}/adjust", admin, "Corrects an account by an amount of either sign", "", "TransferAsk", object, "TransferDone"}, adjust_account},
    Route{{"POST", "/api/v1/accounts/{id}/transfer", admin, "Moves money from an account to another", "", "TransferTo", object, "TransferDone"}, transfer_money},
    Route{{"GET", "/api/v1/accounts/{id}/lots", admin, "Lists what an account has that expires, in the order in which it is spent", "", "", list, "Lot"}, list_lots},

    Route{{"GET", "/api/v1/accounts/{id}/statement", admin, "Sums an account's month: opening balance, what came in and went out, closing balance", "month", "", object, "Statement"}, show_statement},
    Route{{"GET", "/api/v1/accounts/{id}/statement/lines", admin, "Lists what moved an account's balance in a month, oldest first", "limit cursor month", "", list, "StatementLine"}, list_statement_lines},

    Route{{"GET", "/api/v1/budgets", admin, "Lists the budgets of days and months", "", "", list, "Budget"}, list_budgets},
    Route{{"POST", "/api/v1/budgets", admin, "Limits what may be spent in a day or a month", "", "BudgetCreate", object, "Budget", 201}, create_budget},
    Route{{"GET", "/api/v1/budgets/{id}", admin, "Shows a budget", "", "", object, "Budget"}, get_budget},
    Route{{"PATCH", "/api/v1/budgets/{id}", admin, "Changes a budget's amount", "", "BudgetPatch", object, "Budget"}, change_budget},
    Route{{"DELETE", "/api/v1/budgets/{id}", admin, "Removes a budget", "", "", none, "", 204}, remove_budget},

    Route{{"POST", "/api/v1/redeem", any, "Exchanges a code for its money, once", "", "Redeem", object, "TransferDone"}, use_redeem_code},
    Route{{"GET", "/api/v1/redeem-codes", admin, "Lists codes by how they begin", "limit cursor batch prefix state", "", list, "RedeemCode"}, list_redeem_codes},
    Route{{"POST", "/api/v1/redeem-codes", admin, "Makes a batch of codes and shows them, once", "", "RedeemCodesCreate", list, "RedeemCode", 201}, create_redeem_codes},
    Route{{"POST", "/api/v1/redeem-codes/revoke", admin, "Takes back codes that are not used", "", "RedeemCodesRevoke", object, "RedeemCodesRevoked"}, revoke_redeem_codes},

    Route{{"GET", "/api/v1/usage", admin, "Lists calls, newest first", "limit cursor since until model token account channel user error", "", list, "Call"}, list_usage},
    Route{{"GET", "/api/v1/usage/report", admin, "Sums calls by model, channel, token, user, account and time", "by since until model token account channel user error", "", object, "UsageReport"}, report_usage},
    Route{{"GET", "/api/v1/usage/business", admin, "Active and returning users, calls and revenue by day or month", "by since until model token account channel user", "", object, "BusinessReport"}, business_usage},
    Route{{"GET", "/api/v1/usage/live", admin, "What ended in the last second, five minutes, hour and day", "window rows", "", object, "LiveUsage"}, live_usage},
    Route{{"GET", "/api/v1/usage/recompute", admin, "Recomputes every bill from its row and price, and lists what differs", "since until model token account channel user error", "", object, "Recomputation"}, recompute_usage},
    Route{{"GET", "/api/v1/usage/attempts", admin, "Counts attempts by channel and by how they ended", "since until model token account channel user error", "", object, "AttemptReport"}, report_attempts},
    Route{{"GET", "/api/v1/requests/{request_id}/captures", admin, "Lists what was said in the calls with this id, as far as it is kept, newest first", "", "", list, "Capture"}, list_captures},
    Route{{"GET", "/api/v1/requests/{request_id}", admin, "Shows how a call found its provider", "", "", object, "RequestRecord"}, get_request},
    Route{{"GET", "/api/v1/calls/{request_id}", any, "Shows one call; a token sees its own", "", "", object, "Call"}, get_call},

    Route{{"GET", "/api/v1/ledger/entries", admin, "Lists entries of the books, newest first", "limit cursor account call", "", list, "Entry"}, list_entries},
    Route{{"POST", "/api/v1/ledger/verify", admin, "Recomputes the books from their rows", "", "", object, "Verification"}, verify_ledger},

    Route{{"GET", "/api/v1/notices", admin, "Lists what people were told of, newest first", "limit cursor kind", "", list, "Notice"}, list_notices},
    Route{{"POST", "/api/v1/notices/test", admin, "Sends a notice to every receiver and says whether it was taken", "", "", list, "NoticeTest"}, test_notices},

    Route{{"GET", "/api/v1/system/status", admin, "How the daemon is doing", "", "", object, "Status"}, show_status},
    Route{{"POST", "/api/v1/system/reload", admin, "Takes the configuration over again, all of it or nothing", "", "", object, "Reload"}, reload},
    Route{{"POST", "/api/v1/system/drain", admin, "Begins a graceful stop", "", "", none, "", 202}, drain},
    Route{{"PUT", "/api/v1/system/log-level", admin, "Sets how much is logged until the next start", "", "LogLevel", object, "LogLevel"}, set_log_level},
};
// clang-format on

}  // namespace

std::span<const Route> routes() noexcept {
    return table;
}

const std::string& openapi() {
    static const std::string document = [] {
        std::vector<api::Operation> operations;
        operations.reserve(std::size(table));
        for (const auto& route : table)
            operations.push_back(route.operation);
        return api::openapi_document(operations, "1");
    }();
    return document;
}

}  // namespace obliv::admin
