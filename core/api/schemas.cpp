#include "core/api/schema.hpp"

#include "core/api/account_schemas.hpp"
#include "core/api/budget_schemas.hpp"
#include "core/api/count_schemas.hpp"
#include "core/api/health_schemas.hpp"
#include "core/api/notice_schemas.hpp"
#include "core/api/own_schemas.hpp"
#include "core/api/price_schemas.hpp"
#include "core/api/provider_schemas.hpp"
#include "core/api/redeem_schemas.hpp"
#include "core/api/usage_schemas.hpp"
#include "core/base/check.hpp"

#include <array>

namespace obliv::api {
namespace {

using enum Type;
using enum Presence;

constexpr std::int64_t rate_max = 1'000'000;
constexpr std::int64_t rank_max = 1'000'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t many = INT64_MAX;

// What callers send.

constexpr std::array token_create{
    Field{"name", name, must, "unique among the tokens"},
    Field{"role", choice, may, "relay calls models, admin also manages; relay by default",
          "relay|admin"},
    Field{"group", name, may_or_null, "which channels it may use; `default` by default"},
    Field{"models", models, may_or_null, "patterns of models it may call; all by default"},
    Field{"budget", money, may_or_null, "all it may ever spend, USD; no limit by default"},
    Field{"expires_at", time, may_or_null, "when it ends; never by default"},
    Field{"account", reference, may_or_null, "who pays; the administrator's account by default"},
    Field{"requests_per_minute", integer, may_or_null, "null or 0: no limit", "", 0, rate_max},
    Field{"concurrent_max", integer, may_or_null, "calls at once; null or 0: no limit", "", 0,
          rate_max},
    Field{"cache", choice, may_or_null, "answers given again; as cache.models says by default",
          "off|exact|semantic"},
};

constexpr std::array token_patch{
    Field{"name", name, may, "unique among the tokens"},
    Field{"group", name, may_or_null, "which channels it may use"},
    Field{"models", models, may_or_null, "patterns of models it may call; null: all"},
    Field{"budget", money, may_or_null, "all it may ever spend, USD; null: no limit"},
    Field{"expires_at", time, may_or_null, "when it ends; null: never"},
    Field{"account", reference, may_or_null, "who pays; null: the administrator's account"},
    Field{"requests_per_minute", integer, may_or_null, "null or 0: no limit", "", 0, rate_max},
    Field{"concurrent_max", integer, may_or_null, "calls at once; null or 0: no limit", "", 0,
          rate_max},
    Field{"cache", choice, may_or_null, "answers given again; null: as cache.models says",
          "off|exact|semantic"},
};

constexpr std::array timeouts_change{
    Field{"connect_ms", integer, may_or_null, "until connected", "", 1, day_ms},
    Field{"first_byte_ms", integer, may_or_null, "until the reply begins", "", 1, day_ms},
    Field{"idle_ms", integer, may_or_null, "between two reads of the reply", "", 1, day_ms},
    Field{"total_ms", integer, may_or_null, "for the whole call", "", 1, day_ms},
};

constexpr std::array channel_create{
    Field{"name", name, must, "unique among the channels"},
    Field{"type", text, must, "the dialect of the provider; see /api/v1/providers", "", 0, 64},
    Field{"keys", secrets, must, "keys of the provider; stored encrypted, never shown"},
    Field{"models", models, must, "patterns of models it serves", "", 1},
    Field{"base_url", url, may_or_null, "as the provider's own SDK takes it; the type's default"},
    Field{"aliases", aliases, may_or_null, "upstream model names by the names callers use"},
    Field{"groups", names, may_or_null, "token groups that may use it; `default` by default"},
    Field{"priority", integer, may_or_null, "higher ones are tried first", "", -rank_max, rank_max},
    Field{"weight", integer, may_or_null, "share among equals; 0: only when the others failed", "",
          0, rank_max},
    Field{"enabled", boolean, may, "true by default"},
    Field{"proxy", url, may_or_null, "http proxy; the environment's by default"},
    Field{"timeouts", object, may_or_null, "null: those of the configuration", "TimeoutsChange"},
    Field{"key_policy", choice, may, "which of its keys is used; failure_aware by default",
          "failure_aware|random|round_robin"},
    Field{"key_requests_per_minute", integer, may_or_null, "of each key; null or 0: no limit", "",
          0, rate_max},
    Field{"requests_per_minute", integer, may_or_null, "null or 0: no limit", "", 0, rate_max},
    Field{"concurrent_max", integer, may_or_null, "calls at once; null or 0: no limit", "", 0,
          rate_max},
    Field{"cost_factor", money, may_or_null, "what it costs, as a factor of the prices; null: 1"},
    Field{"check", choice, may, "what the health checks ask; models by default",
          "models|chat|none"},
    Field{"losses", choice, may, "what it cannot be told: refuse the request, or drop it",
          "refuse|drop"},
    Field{"offers", objects, may_or_null, "what it can do, by models; null: everything", "Offer"},
    Field{"headers", pairs, may_or_null, "sent in place of ours; an empty text leaves one out"},
    Field{"parameters", free, may_or_null, "fields of every request: set, or taken out by null"},
    Field{"status_map", pairs, may_or_null, "statuses of replies, and what each is taken for"},
    provider_schemas::system_prompt,
    provider_schemas::system_prompt_place,
};

constexpr std::array channel_patch{
    Field{"name", name, may, "unique among the channels"},
    Field{"type", text, may, "the dialect of the provider", "", 0, 64},
    Field{"keys", secrets, may, "replaces all keys"},
    Field{"models", models, may, "patterns of models it serves", "", 1},
    Field{"base_url", url, may_or_null, "null: the type's default"},
    Field{"aliases", aliases, may_or_null, "replaces all aliases"},
    Field{"groups", names, may_or_null, "token groups that may use it; null: `default`"},
    Field{"priority", integer, may_or_null, "higher ones are tried first", "", -rank_max, rank_max},
    Field{"weight", integer, may_or_null, "share among equals; 0: only when the others failed", "",
          0, rank_max},
    Field{"enabled", boolean, may, "false takes it out of use"},
    Field{"proxy", url, may_or_null, "null: the environment's"},
    Field{"timeouts", object, may_or_null, "those given change; null: all of the configuration",
          "TimeoutsChange"},
    Field{"key_policy", choice, may, "which of its keys is used",
          "failure_aware|random|round_robin"},
    Field{"key_requests_per_minute", integer, may_or_null, "of each key; null or 0: no limit", "",
          0, rate_max},
    Field{"requests_per_minute", integer, may_or_null, "null or 0: no limit", "", 0, rate_max},
    Field{"concurrent_max", integer, may_or_null, "calls at once; null or 0: no limit", "", 0,
          rate_max},
    Field{"cost_factor", money, may_or_null, "what it costs, as a factor of the prices; null: 1"},
    Field{"check", choice, may, "what the health checks ask", "models|chat|none"},
    Field{"losses", choice, may, "what it cannot be told: refuse the request, or drop it",
          "refuse|drop"},
    Field{"offers", objects, may_or_null, "what it can do, by models; null: everything", "Offer"},
    Field{"headers", pairs, may_or_null, "sent in place of ours; an empty text leaves one out"},
    Field{"parameters", free, may_or_null, "fields of every request: set, or taken out by null"},
    Field{"status_map", pairs, may_or_null, "statuses of replies, and what each is taken for"},
    provider_schemas::system_prompt,
    provider_schemas::system_prompt_place,
};

constexpr std::array offer{
    Field{"models", text, must, "a pattern of upstream models; the first that matches counts"},
    Field{"abilities", texts, may,
          "stream tools vision audio files json_object json_schema reasoning choices; none: all"},
    Field{"context_tokens", integer, may, "prompt and reply together; 0: no limit known", "", 0,
          many},
};

constexpr std::array channel_keys{
    Field{"keys", secrets, must, "keys of the provider; stored encrypted, never shown", "", 1},
};

constexpr std::array channel_key{
    Field{"id", text, must, "names the key without telling it"},
    Field{"hint", text, must, "its beginning and end"},
    Field{"state", choice, must, "refused: it rests until a test of it goes well",
          "up|resting|refused"},
    Field{"rests_until", time, must_or_null, ""},
    Field{"requests", integer, must, "since the start", "", 0, many},
    Field{"failures", integer, must, "of those, the key's fault", "", 0, many},
    Field{"requests_this_minute", integer, must, "counted where there is a limit", "", 0, many},
};

constexpr std::array channel_test_ask{
    Field{"model", model, may_or_null, "the first one it serves by default"},
};

constexpr std::array transfer_ask{
    Field{"amount", amount, must, "USD; a top-up is more than zero, an adjustment is not zero"},
    Field{"reason", text, may_or_null, "for the books"},
    Field{"operation_id", text, may_or_null, "a repeat with the same id changes nothing", "", 0,
          128},
};

constexpr std::array log_level{
    Field{"level", choice, must, "the least urgent line that is written",
          "err|warning|notice|info|debug"},
};

// What they get.

constexpr std::array token{
    Field{"id", id, must, ""},
    Field{"name", name, must, ""},
    Field{"key", text, may, "the key itself, in the answer that made it and nowhere else"},
    Field{"role", choice, must, "", "relay|admin"},
    Field{"group", name, must, "which channels it may use"},
    Field{"models", models, must, "patterns; an empty list: all"},
    Field{"budget", money, must_or_null, "all it may ever spend, USD"},
    Field{"spent", money, must, "USD"},
    Field{"hint", text, must, "beginning and end of the key"},
    Field{"account_id", id, must, "who pays"},
    Field{"requests_per_minute", integer, must_or_null, "null: no limit", "", 1, rate_max},
    Field{"concurrent_max", integer, must_or_null, "null: no limit", "", 1, rate_max},
    Field{"cache", choice, must_or_null, "answers given again; null: as cache.models says",
          "off|exact|semantic"},
    Field{"created_at", time, must, ""},
    Field{"expires_at", time, must_or_null, ""},
    Field{"revoked_at", time, must_or_null, ""},
};

constexpr std::array timeouts{
    Field{"connect_ms", integer, must_or_null, "null: of the configuration", "", 1, many},
    Field{"first_byte_ms", integer, must_or_null, "null: of the configuration", "", 1, many},
    Field{"idle_ms", integer, must_or_null, "null: of the configuration", "", 1, many},
    Field{"total_ms", integer, must_or_null, "null: of the configuration", "", 1, many},
};

constexpr std::array model_health{
    Field{"model", text, must, ""},
    Field{"breaker", choice, must, "", "recovering|half_open|open"},
};

constexpr std::array channel{
    Field{"id", id, must, ""},
    Field{"name", name, must, ""},
    Field{"type", text, must, "the dialect of the provider"},
    Field{"base_url", url, must_or_null, "null: the type's default"},
    Field{"key_hints", texts, must, "beginning and end of each key"},
    Field{"models", models, must, "patterns of models it serves"},
    Field{"aliases", aliases, must, "upstream model names by the names callers use"},
    Field{"groups", names, must, "token groups that may use it"},
    Field{"priority", integer, must, "", "", -rank_max, rank_max},
    Field{"weight", integer, must, "", "", 0, rank_max},
    Field{"enabled", boolean, must, ""},
    Field{"proxy", url, must_or_null, ""},
    Field{"timeouts", object, must, "", "Timeouts"},
    Field{"keys", objects, must, "how each key does", "ChannelKey"},
    Field{"key_policy", choice, must, "", "failure_aware|random|round_robin"},
    Field{"key_requests_per_minute", integer, must_or_null, "null: no limit", "", 1, rate_max},
    Field{"requests_per_minute", integer, must_or_null, "null: no limit", "", 1, rate_max},
    Field{"concurrent_max", integer, must_or_null, "null: no limit", "", 1, rate_max},
    Field{"cost_factor", money, must_or_null, "null: 1"},
    Field{"check", choice, must, "", "models|chat|none"},
    Field{"losses", choice, must, "what it cannot be told: refuse or drop", "refuse|drop"},
    Field{"offers", objects, must, "an empty list: everything", "Offer"},
    Field{"headers", pairs, must, ""},
    Field{"parameters", free, must_or_null, ""},
    Field{"status_map", pairs, must, ""},
    Field{"system_prompt", lines, must_or_null, ""},
    Field{"system_prompt_place", choice, must, "", "prepend|append|when_absent|replace"},
    Field{"created_at", time, must, ""},
    Field{"updated_at", time, must, ""},
    Field{"health", object, must, "", "Health"},
};

constexpr std::array channel_test{
    Field{"ok", boolean, must, ""},
    Field{"model", text, must, "the one asked"},
    Field{"status", integer, must_or_null, "of the provider's reply", "", 0, 999},
    Field{"latency_ms", number, must, "from sending to the end of the reply"},
    Field{"reply", text, must_or_null, "", "", 0, 4096},
    Field{"error", text, must_or_null, "", "", 0, 4096},
};

constexpr std::array channel_name{
    Field{"id", id, must, ""},
    Field{"name", name, must, ""},
};

constexpr std::array candidate{
    Field{"channel", object, must, "", "ChannelName"},
    Field{"priority", integer, must, "", "", -rank_max, rank_max},
    Field{"weight", integer, must, "", "", 0, rank_max},
    Field{"share", number, must, "of the calls of its tier while all of it works, 0 to 1"},
    Field{"upstream_model", text, must, "what the provider is asked for"},
    Field{"matched_by", text, must, "the pattern or alias that offers the model"},
    Field{"strategy", text, must, "of its tier"},
    Field{"obstacle", text, must_or_null, "why it is passed over at the moment; null: it is not"},
};

constexpr std::array channel_event{
    Field{"id", id, must, ""},
    Field{"time", time, must, ""},
    Field{"channel", object, must, "", "ChannelName"},
    Field{"kind", choice, must, "",
          "opened|recovered|disabled|restored|key_rests|key_wakes|all_rest"},
    Field{"model", text, must_or_null, "null: the whole channel"},
    Field{"detail", text, must, "", "", 0, 4096},
};

constexpr std::array excluded{
    Field{"channel", object, must, "", "ChannelName"},
    Field{"reason", text, must, ""},
};

constexpr std::array explanation{
    Field{"model", text, must, ""},
    Field{"group", text, must, ""},
    Field{"candidates", objects, must, "in the order of their tiers", "Candidate"},
    Field{"excluded", objects, must, "", "Excluded"},
};

constexpr std::array price{
    Field{"version", id, must, "usage rows name it"},
    Field{"model", text, must, ""},
    Field{"channel", text, must_or_null, "only of calls that it serves, by its name; null: of all"},
    Field{"variant", text, must_or_null,
          "only of images of this size, quality or both; null: of all"},
    Field{"input", money, must, "USD per million tokens"},
    Field{"output", money, must, "USD per million tokens"},
    Field{"cache_read", money, must_or_null, "null: as input"},
    Field{"cache_write_5m", money, must_or_null, "null: as input"},
    Field{"cache_write_1h", money, must_or_null, "null: as input"},
    Field{"reasoning", money, must_or_null, "null: as output"},
    Field{"audio_in", money, must_or_null, "null: as input"},
    Field{"audio_out", money, must_or_null, "null: as output"},
    Field{"image_in", money, must_or_null, "null: as input"},
    Field{"per_call", money, must, "USD for each call"},
    Field{"per_image", money, must, "USD for each image made"},
    Field{"per_second", money, must, "USD for each second of sound heard"},
    Field{"per_character", money, must, "USD for each character read aloud"},
    Field{"per_search", money, must, "USD for each search of the web, or search unit of a ranking"},
    Field{"batch", money, must, "what of it is charged in a batch, 0 to 1"},
    Field{"tiers", objects, must, "what all tokens of a longer call cost", "PriceTier"},
    Field{"effective_from", time, must, ""},
    Field{"removed", boolean, must, "true: from then on the model has no price"},
};

constexpr std::array served_model{
    Field{"id", text, must, ""},
    Field{"channels", texts, must, "names of those that serve it"},
    Field{"price", object, must_or_null, "", "Price"},
};

constexpr std::array usage{
    Field{"input", integer, must, "tokens neither cached nor written to a cache", "", 0, many},
    Field{"cache_read", integer, must, "", "", 0, many},
    Field{"cache_write_5m", integer, must, "", "", 0, many},
    Field{"cache_write_1h", integer, must, "", "", 0, many},
    Field{"audio_in", integer, must, "", "", 0, many},
    Field{"image_in", integer, must, "", "", 0, many},
    Field{"output", integer, must, "visible output", "", 0, many},
    Field{"reasoning", integer, must, "", "", 0, many},
    Field{"audio_out", integer, must, "", "", 0, many},
    Field{"images", integer, must, "made", "", 0, many},
    Field{"seconds", integer, must, "of sound heard", "", 0, many},
    Field{"characters", integer, must, "read aloud", "", 0, many},
    Field{"searches", integer, must, "of the web, or search units of a ranking", "", 0, many},
};

constexpr std::array call{
    Field{"request_id", text, must, ""},
    Field{"time", time, must, "when the request arrived"},
    Field{"account_id", id, must, "who pays"},
    Field{"user_id", id, must_or_null, ""},
    Field{"token_id", id, must_or_null, ""},
    Field{"model", text, must, "as asked"},
    Field{"model_served", text, must_or_null, "as sent to the provider"},
    Field{"channel_id", id, must_or_null, "null: no provider was reached"},
    Field{"key_index", integer, must, "which key of the channel", "", 0, many},
    Field{"usage", object, must, "", "Usage"},
    Field{"usage_source", choice, must, "where the counts come from",
          "provider|partial|counted|estimated|none|cache|batch"},
    Field{"price_version", id, must_or_null, ""},
    Field{"price_share", money, must, "what of that price was charged: by group, batch, cache"},
    Field{"unpriced", boolean, must, "served without a price"},
    Field{"held", money, must, "USD reserved"},
    Field{"cost", money, must, "USD charged"},
    Field{"loss", money, must, "USD above what the payer had: the operator's"},
    Field{"ttft_ms", number, must_or_null, "to the first byte of the answer"},
    Field{"duration_ms", number, must, ""},
    Field{"status", integer, must, "HTTP status sent", "", 0, 999},
    Field{"attempts", integer, must, "calls made to providers", "", 0, many},
    Field{"stream", boolean, must, ""},
    Field{"finish_reason", text, must_or_null, "the provider's, or `aborted`, `cut`"},
    Field{"client", text, must, "address"},
    Field{"user_agent", text, must, ""},
    Field{"error", text, must_or_null, "why it failed: a name of docs/errors.md; null: it did not"},
};

constexpr std::array scored{
    Field{"channel", object, must, "", "ChannelName"},
    Field{"priority", integer, must_or_null, "null: of a channel that is gone", "", -rank_max,
          rank_max},
    Field{"score", number, must, "its part of its tier's calls, 0 to 1"},
};

constexpr std::array attempt{
    Field{"channel", object, must, "", "ChannelName"},
    Field{"model", text, must, "as sent to the provider"},
    Field{"key_index", integer, must, "which key of the channel", "", 0, many},
    Field{"status", integer, must_or_null, "of the provider's reply; null: there was none", "", 0,
          999},
    Field{"cause", text, must, "how it ended: a cause of docs/metrics.md"},
    Field{"why", text, must_or_null, "in words", "", 0, 4096},
    Field{"bytes", integer, must_or_null, "read from the provider; null: not noted", "", 0, many},
    Field{"ms", integer, must, "from its beginning to its end", "", 0, many},
    Field{"wait_ms", integer, must, "the pause before it", "", 0, many},
};

constexpr std::array request_record{
    Field{"call", object, must, "", "Call"},
    Field{"group", text, must_or_null, "null: served at the first attempt, so nothing was noted"},
    Field{"candidates", objects, must, "the best of those that could serve it", "Scored"},
    Field{"excluded", objects, must, "those that were passed over", "Excluded"},
    Field{"attempts", objects, must, "in their order", "Attempt"},
};

constexpr std::array attempt_group{
    Field{"channel", object, must, "", "ChannelName"},
    Field{"cause", text, must, "a cause of docs/metrics.md"},
    Field{"attempts", integer, must, "", "", 0, many},
};

constexpr std::array attempt_report{
    Field{"data", objects, must, "", "AttemptGroup"},
};

constexpr std::array entry{
    Field{"id", id, must, ""},
    Field{"time", time, must, ""},
    Field{"account_id", id, must, ""},
    Field{"side", choice, must, "which part of the account moves", "available|held"},
    Field{"amount", amount, must, "USD"},
    Field{"kind", choice, must, "", "reserve|settle|release|topup|adjust|transfer|loss|expiry"},
    Field{"call", text, must_or_null, "request id"},
    Field{"reason", text, must_or_null, ""},
};

constexpr std::array verification{
    Field{"ok", boolean, must, ""},
    Field{"accounts", integer, must, "checked", "", 0, many},
    Field{"charges", integer, must, "checked", "", 0, many},
    Field{"transfers", integer, must, "checked", "", 0, many},
    Field{"usage_rows", integer, must, "checked", "", 0, many},
    Field{"retired", integer, must, "charges whose usage rows retention has removed", "", 0, many},
    Field{"problems", texts, must, "", "", 0, 4096},
};

constexpr std::array whoami{
    Field{"role", choice, must, "", "admin|relay"},
    Field{"via", choice, must, "", "socket|token"},
    Field{"token", object, must_or_null, "", "Token"},
    Field{"account", object, must_or_null, "", "Account"},
    Field{"budgets", objects, must, "of days and months that count the token's calls", "Budget"},
};

constexpr std::array status{
    Field{"version", text, must, ""},
    Field{"pid", integer, must, "", "", 1, many},
    Field{"started_at", time, must, ""},
    Field{"uptime_s", integer, must, "", "", 0, many},
    Field{"requests_in_flight", integer, must, "", "", 0, many},
    Field{"channels", integer, must, "that are enabled", "", 0, many},
    Field{"commit_lag_ms", number, must, "how late the last group of charges reached the disk"},
    Field{"ready", boolean, must, ""},
    Field{"draining", boolean, must, ""},
};

constexpr std::array reload{
    Field{"ok", boolean, must, ""},
    Field{"needs_restart", texts, must, "settings that changed and take effect at the next start"},
};

constexpr std::array error_detail{
    Field{"type", text, must, "the class: name of the exit code of obliv"},
    Field{"code", text, must, "the name of the error"},
    Field{"message", text, must, "", "", 0, 8192},
    Field{"param", text, must_or_null, "the field at fault"},
    Field{"request_id", text, must, ""},
    Field{"hint", text, may, "the next thing to do", "", 0, 8192},
};

constexpr std::array error{
    Field{"error", object, must, "", "ErrorDetail"},
};

constexpr std::array table{
    Schema{"TokenCreate", token_create},
    Schema{"TokenPatch", token_patch},
    Schema{"TimeoutsChange", timeouts_change},
    Schema{"ChannelCreate", channel_create},
    Schema{"ChannelPatch", channel_patch},
    Schema{"Offer", offer},
    Schema{"ChannelKeys", channel_keys},
    Schema{"ChannelTestAsk", channel_test_ask},
    Schema{"PriceTier", price_schemas::tier},
    Schema{"PriceSet", price_schemas::set},
    Schema{"PriceImportRow", price_schemas::import_row},
    Schema{"PriceImport", price_schemas::import_all},
    Schema{"ProviderSet", provider_schemas::provider_set},
    Schema{"AccountCreate", account_schemas::account_create},
    Schema{"AccountPatch", account_schemas::account_patch},
    Schema{"TransferAsk", account_schemas::transfer_ask},
    Schema{"TopupAsk", account_schemas::topup_ask},
    Schema{"TransferTo", account_schemas::transfer_to},
    Schema{"BudgetCreate", budget_schemas::budget_create},
    Schema{"BudgetPatch", budget_schemas::budget_patch},
    Schema{"RedeemCodesCreate", redeem_schemas::codes_create},
    Schema{"RedeemCodesRevoke", redeem_schemas::codes_revoke},
    Schema{"Redeem", redeem_schemas::redeem},
    Schema{"CountAsk", count_schemas::ask},
    Schema{"LogLevel", log_level},
    Schema{"Token", token},
    Schema{"Timeouts", timeouts},
    Schema{"ModelHealth", model_health},
    Schema{"Health", health_schemas::health},
    Schema{"ChannelKey", channel_key},
    Schema{"ChannelEvent", channel_event},
    Schema{"Notice", notice_schemas::notice},
    Schema{"NoticeTest", notice_schemas::notice_test},
    Schema{"Channel", channel},
    Schema{"ChannelTest", channel_test},
    Schema{"ChannelName", channel_name},
    Schema{"Candidate", candidate},
    Schema{"Excluded", excluded},
    Schema{"Explanation", explanation},
    Schema{"Price", price},
    Schema{"PriceChange", price_schemas::change},
    Schema{"PriceImported", price_schemas::imported},
    Schema{"BillDifference", price_schemas::bill_difference},
    Schema{"Recomputation", price_schemas::recomputation},
    Schema{"Model", served_model},
    Schema{"ChannelModel", provider_schemas::channel_model},
    Schema{"ChannelBalance", provider_schemas::channel_balance},
    Schema{"ProviderAbilities", provider_schemas::provider_abilities},
    Schema{"Provider", provider_schemas::provider},
    Schema{"ProviderVersion", provider_schemas::provider_version},
    Schema{"Account", account_schemas::account},
    Schema{"Lot", account_schemas::lot},
    Schema{"Budget", budget_schemas::budget},
    Schema{"Statement", account_schemas::statement},
    Schema{"StatementLine", account_schemas::statement_line},
    Schema{"RedeemCode", redeem_schemas::code},
    Schema{"RedeemCodesRevoked", redeem_schemas::codes_revoked},
    Schema{"Transfer", account_schemas::transfer},
    Schema{"TransferDone", account_schemas::transfer_done},
    Schema{"Usage", usage},
    Schema{"Call", call},
    Schema{"TokenCount", count_schemas::answer},
    Schema{"Scored", scored},
    Schema{"Attempt", attempt},
    Schema{"RequestRecord", request_record},
    Schema{"AttemptGroup", attempt_group},
    Schema{"AttemptReport", attempt_report},
    Schema{"UsageGroup", usage_schemas::group},
    Schema{"UsageReport", usage_schemas::report},
    Schema{"Capture", usage_schemas::capture},
    Schema{"BusinessRow", usage_schemas::business_row},
    Schema{"BusinessReport", usage_schemas::business_report},
    Schema{"LiveFigures", usage_schemas::live_figures},
    Schema{"LiveRow", usage_schemas::live_row},
    Schema{"LiveWindow", usage_schemas::live_window},
    Schema{"LiveMinute", usage_schemas::live_minute},
    Schema{"LiveUsage", usage_schemas::live},
    Schema{"Entry", entry},
    Schema{"Verification", verification},
    Schema{"WhoAmI", whoami},
    Schema{"BillingSubscription", own_schemas::subscription},
    Schema{"BillingLineItem", own_schemas::line_item},
    Schema{"BillingDay", own_schemas::daily_cost},
    Schema{"BillingUsage", own_schemas::billing_usage},
    Schema{"Status", status},
    Schema{"Reload", reload},
    Schema{"ErrorDetail", error_detail},
    Schema{"Error", error},
};

}  // namespace

std::span<const Schema> all_schemas() noexcept {
    return table;
}

const Schema& schema(std::string_view wanted) noexcept {
    for (const auto& row : table)
        if (row.name == wanted)
            return row;
    check_failed("a schema is asked for by a name of the table", Place::here());
}

}  // namespace obliv::api
