#include "core/config/schema.hpp"

#include "core/base/ip_address.hpp"
#include "core/base/money.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/config/kinds.hpp"

#include <array>
#include <utility>

namespace obliv::config {
namespace {

using namespace std::chrono_literals;

constexpr std::array section_table{
    Section{"server", "Where the daemon listens and keeps its state."},
    Section{"limits", "What one client may send, and how slowly."},
    Section{"upstream", "Calls to providers. A channel may set its own time-outs and proxy."},
    Section{"fetch", "Media that callers tell by URLs, where a provider takes the bytes only."},
    Section{"routing", "Which of the channels that serve a model is called."},
    Section{"health", "Checks of channels that tell a dead one before a call meets it."},
    Section{"cache", "Answers that are given again to the same question (docs/cache.md)."},
    Section{"notices", "Who is told when channels fail or accounts run out (docs/notices.md)."},
    Section{"billing", "How calls are charged."},
    Section{"usage", "The rows of calls (docs/usage.md)."},
    Section{"capture", "What was said in calls: not kept unless it is switched on here "
                       "(docs/usage.md)."},
    Section{"storage", "The database."},
    Section{"log", "What is logged on standard error, and how."},
    Section{"tokenizers", "How tokens are counted (docs/tokenizers.md)."},
    Section{"metrics", "The text exposition for Prometheus."},
    Section{"secrets", "The master key, under which the keys of channels lie in the database."},
};

constexpr ChoiceKind<Durability, 2> durability{
    {Word{"process", static_cast<int>(Durability::process)},
     Word{"power", static_cast<int>(Durability::power)}}};
constexpr ChoiceKind<Unpriced, 3> unpriced{{Word{"account", static_cast<int>(Unpriced::by_account)},
                                            Word{"free", static_cast<int>(Unpriced::free)},
                                            Word{"refuse", static_cast<int>(Unpriced::refuse)}}};
constexpr ChoiceKind<OnGap, 2> on_gap{
    {Word{"alert", static_cast<int>(OnGap::alert)}, Word{"stop", static_cast<int>(OnGap::stop)}}};
constexpr ChoiceKind<log::Level, 5> level{{Word{"err", static_cast<int>(log::Level::err)},
                                           Word{"warning", static_cast<int>(log::Level::warning)},
                                           Word{"notice", static_cast<int>(log::Level::notice)},
                                           Word{"info", static_cast<int>(log::Level::info)},
                                           Word{"debug", static_cast<int>(log::Level::debug)}}};
constexpr ChoiceKind<LogFormat, 4> format{{Word{"auto", static_cast<int>(LogFormat::automatic)},
                                           Word{"text", static_cast<int>(LogFormat::text)},
                                           Word{"json", static_cast<int>(LogFormat::json)},
                                           Word{"journal", static_cast<int>(LogFormat::journal)}}};

constexpr ChoiceKind<Strategy, 5> strategy{
    {Word{"weighted_random", static_cast<int>(Strategy::weighted_random)},
     Word{"round_robin", static_cast<int>(Strategy::round_robin)},
     Word{"least_in_flight", static_cast<int>(Strategy::least_in_flight)},
     Word{"lowest_latency", static_cast<int>(Strategy::lowest_latency)},
     Word{"lowest_price", static_cast<int>(Strategy::lowest_price)}}};
constexpr ChoiceKind<Affinity, 3> affinity{{Word{"off", static_cast<int>(Affinity::off)},
                                            Word{"session", static_cast<int>(Affinity::session)},
                                            Word{"token", static_cast<int>(Affinity::token)}}};

std::string check_tier(std::string_view priority, std::string_view name) {
    if (!parse_int(priority.starts_with('-') ? priority.substr(1) : priority))
        return "expected a priority such as 10, got '" + visible(priority) + "'";
    for (const auto& word : strategy.words)
        if (word.word == name)
            return {};
    return "expected " + strategy.type() + ", got '" + visible(name) + "'";
}

std::string check_fallback(std::string_view model, std::string_view others) {
    bool empty = model.empty();
    for (auto other : split(others, ','))
        empty = empty || trim(other).empty();
    return empty ? "expected MODEL=OTHER,OTHER" : "";
}

constexpr ChoiceKind<CacheScope, 3> scope{
    {Word{"token", static_cast<int>(CacheScope::token)},
     Word{"account", static_cast<int>(CacheScope::account)},
     Word{"everyone", static_cast<int>(CacheScope::everyone)}}};
constexpr ChoiceKind<Switch, 2> on_off{
    {Word{"off", static_cast<int>(Switch::off)}, Word{"on", static_cast<int>(Switch::on)}}};

std::string check_model(std::string_view model) {
    if (model.empty() || model.starts_with('/'))
        return "expected the name of a model, or how names begin such as gpt-4*";
    return {};
}

std::string check_hedge(std::string_view model, std::string_view after) {
    if (auto wrong = check_model(model); !wrong.empty())
        return wrong;
    if (auto span = parse_duration(after); after == "p95" || (span && span->count() > 0))
        return {};
    return "expected p95 or a duration such as 800ms, got '" + visible(after) + "'";
}

std::string check_host(std::string_view host) {
    if (is_host_name(host) || IpNetwork::parse(host))
        return {};
    return "expected a host name, an address or a network";
}

std::string check_cached_model(std::string_view model, std::string_view how) {
    if (auto wrong = check_model(model); !wrong.empty())
        return wrong;
    if (how == "off" || how == "exact" || how == "semantic")
        return {};
    return "expected off, exact or semantic, got '" + visible(how) + "'";
}

std::string check_multiplier(std::string_view group, std::string_view multiplier) {
    if (trim(group).empty())
        return "expected GROUP=MULTIPLIER";
    auto share = Money::parse(multiplier);
    bool fits =
        share && *share >= Money{} && *share <= Money::dollars(1000) && share->nanos() % 1000 == 0;
    return fits ? "" : "expected a multiplier from 0 to 1000 with at most six decimals";
}

std::string check_tokenizer(std::string_view model, std::string_view source) {
    return trim(model).empty() || trim(source).empty() ? "expected MODEL=ENCODING or MODEL=FILE"
                                                       : "";
}

/// Collects the fields of one section.
template <typename Part>
class Table {
public:
    Table(std::vector<Field>& out, std::string_view section, Part Config::*part)
        : out_(out), section_(section), part_(part) {}

    template <typename Kind>
    void add(std::string_view key, typename Kind::Stored Part::*member, Kind kind, Applies applies,
             std::string_view meaning, std::string_view default_note = {}) {
        auto part = part_;
        Field field{section_, key, applies, meaning, default_note, kind.type(), {}, {}, {}};
        field.set = [=](Config& config, const Value& value) -> Result<void> {
            auto read = kind.read(value);
            if (!read)
                return read.error();
            config.*part.*member = std::move(*read);
            return ok();
        };
        field.show = [=](const Config& config) { return kind.show(config.*part.*member); };
        field.same = [=](const Config& a, const Config& b) {
            return a.*part.*member == b.*part.*member;
        };
        out_.push_back(std::move(field));
    }

private:
    std::vector<Field>& out_;
    std::string_view section_;
    Part Config::*part_;
};

constexpr auto live = Applies::on_reload;
constexpr auto restart = Applies::on_restart;

void add_server(std::vector<Field>& out) {
    Table<Server> table(out, "server", &Config::server);
    table.add("listen", &Server::listen, EndpointsKind{}, restart,
              "Addresses for the relay and the management API; IPv6 in brackets. An empty list "
              "leaves only the Unix socket.");
    table.add("socket", &Server::socket, PathKind{limits::socket_path_bytes}, restart,
              "The Unix socket for local management. Root and the daemon's own user need no "
              "credential there.",
              "`/run/oblivd/oblivd.sock`; started by a user: "
              "`$XDG_RUNTIME_DIR/oblivd/oblivd.sock`");
    table.add("data_dir", &Server::data_dir, PathKind{}, restart,
              "The state folder: database, intent ring, master key.",
              "`/var/lib/oblivd`; started by a user: `$XDG_DATA_HOME/oblivd`");
    table.add("threads", &Server::threads, CountKind{0, 256}, restart,
              "Event loops; 0 is one for each core.");
    table.add("drain_timeout", &Server::drain_timeout, DurationKind{0ms, 1h}, live,
              "How long open streams may go on after a stop was asked for.");
    table.add(
        "heartbeat_interval", &Server::heartbeat_interval, DurationKind{0ms, 10min}, live,
        "A stream that has been silent for this long says that it still lives, in the formats "
        "whose clients bear it: a comment in OpenAI's and Cohere's, a ping in Anthropic's, nothing "
        "in "
        "Gemini's. 0 says nothing.");
}

void add_limits(std::vector<Field>& out) {
    Table<Limits> table(out, "limits", &Config::limits);
    table.add("head_bytes", &Limits::head_bytes, SizeKind{1 << 10, 1 << 20}, live,
              "Request line and headers together; more is answered 431.");
    table.add("headers", &Limits::headers, CountKind{8, 1000}, live,
              "Headers of one request; more is answered 431.");
    table.add("body_bytes", &Limits::body_bytes, SizeKind{1 << 10, 4LL << 30}, live,
              "One request body; more is answered 413.");
    table.add(
        "body_memory", &Limits::body_memory, SizeKind{1 << 20, 1LL << 40}, live,
        "Memory for all request bodies together, and for what is made of them: calls that are "
        "converted to another format, media that are fetched. Bodies over 1 MiB lie in files, "
        "and so do all others when this is used up; what needs memory is answered 503 then, "
        "and 413 if it is more than all of it.");
    table.add("body_disk", &Limits::body_disk, SizeKind{0, 1LL << 50}, live,
              "Disk, in `server.data_dir`, for all request bodies together; a body for which there "
              "is no place is answered 503, or 413 if there never is.");
    table.add("disk_reserve", &Limits::disk_reserve, SizeKind{0, 1LL << 50}, live,
              "Free space of that disk which request bodies leave to the database; a body that "
              "would take of it is answered 503.");
    table.add("connections", &Limits::connections, CountKind{1, 1'000'000}, live,
              "Open client connections of all loops together; further ones wait to be accepted.");
    table.add("head_timeout", &Limits::head_timeout, DurationKind{1s, 10min}, live,
              "From the first byte of a request to the end of its headers; later is answered 408.");
    table.add("body_timeout", &Limits::body_timeout, DurationKind{1s, 10min}, live,
              "Without a byte of a request body; later is answered 408.");
    table.add("body_rate", &Limits::body_rate, SizeKind{0, 1 << 30}, live,
              "Bytes a second that a request body arrives at, at least, over the whole of it and "
              "after one `body_timeout`; slower is answered 408. 0 takes any.");
    table.add("write_timeout", &Limits::write_timeout, DurationKind{1s, 1h}, live,
              "A client that takes nothing for this long, while there is something for it, is "
              "disconnected; its call is stopped and charged as one that the client left.");
    table.add("keep_alive_timeout", &Limits::keep_alive_timeout, DurationKind{1s, 1h}, live,
              "How long a connection may stay idle between two requests.");
}

void add_upstream(std::vector<Field>& out) {
    Table<Upstream> table(out, "upstream", &Config::upstream);
    table.add("connect_timeout", &Upstream::connect_timeout, DurationKind{100ms, 5min}, live,
              "Name look-up, connection and TLS handshake.");
    table.add("first_byte_timeout", &Upstream::first_byte_timeout, DurationKind{1s, 1h}, live,
              "From the end of the request to the first byte of the reply.");
    table.add("idle_timeout", &Upstream::idle_timeout, DurationKind{1s, 1h}, live,
              "Without a byte in the middle of a reply.");
    table.add("total_timeout", &Upstream::total_timeout, DurationKind{1s, 24h}, live,
              "One whole call, all attempts included.");
    table.add("attempts", &Upstream::attempts, CountKind{1, 10}, live,
              "Upstream calls for one request: the first and those after a failure, as long as "
              "the client has seen no byte of a reply.");
    table.add("retry_pause_first", &Upstream::retry_pause_first, DurationKind{1ms, 1min}, live,
              "The longest pause before a channel is called again for one request; doubled each "
              "time, and drawn by chance. Another channel is called at once.");
    table.add("retry_pause_last", &Upstream::retry_pause_last, DurationKind{1ms, 10min}, live,
              "Where the doubling ends.");
    table.add("pool_connections", &Upstream::pool_connections, CountKind{0, 10'000}, live,
              "Idle connections kept for each loop and provider.");
    table.add("pool_idle_timeout", &Upstream::pool_idle_timeout, DurationKind{1s, 1h}, live,
              "How long an idle connection is kept; best below what providers do.");
    table.add("proxy", &Upstream::proxy, ProxyKind{}, live,
              "HTTP proxy for calls to providers. Empty: `HTTPS_PROXY`, `HTTP_PROXY` and "
              "`NO_PROXY` decide.");
    table.add("ca_file", &Upstream::ca_file, PathKind{}, live,
              "Certificates (PEM) that providers are checked against. Empty: the system's.");
}

void add_fetch(std::vector<Field>& out) {
    Table<Fetch> table(out, "fetch", &Config::fetch);
    table.add("bytes", &Fetch::bytes, SizeKind{0, 200 << 20}, live,
              "The media of one call together. 0: nothing is fetched, and such calls are refused "
              "where a provider takes no URLs.");
    table.add("timeout", &Fetch::timeout, DurationKind{100ms, 5min}, live,
              "All of them together, redirects included.");
    table.add("allow", &Fetch::allow,
              TextsKind{R"(["files.example.com", "10.1.0.0/16"])", check_host, "list of hosts"},
              live,
              "Host names, addresses and networks that may be fetched from although they are not "
              "on the public internet. Everything else that is private, local or reserved is "
              "refused.");
}

void add_routing(std::vector<Field>& out) {
    Table<Routing> table(out, "routing", &Config::routing);
    table.add("strategy", &Routing::strategy, strategy, live,
              "How the channels of one priority share their calls. All but `lowest_price` heed the "
              "weights.");
    table.add("tiers", &Routing::tiers, PairsKind{"10=lowest_latency", check_tier}, live,
              "Priorities whose channels share in another way.");
    table.add("affinity", &Routing::affinity, affinity, live,
              "Calls that go to one channel while it works, so that the provider's prompt cache "
              "stays warm: of one `session` (the header x-session-id), or of one `token` as well.");
    table.add("hedges", &Routing::hedges, PairsKind{"gpt-4o*=p95", check_hedge}, live,
              "Models whose calls are begun on a second channel as well when the first has brought "
              "no content after this time, or after what 95 of 100 of its calls take (`p95`). The "
              "first with content is passed on; what the other one costs is the operator's.");
    table.add("fallbacks", &Routing::fallbacks, PairsKind{"gpt-4o=gpt-4o-mini", check_fallback},
              live,
              "Models that are asked instead, in their order, when a model fails everywhere, is "
              "too small for the call, or its provider's content policy says no. The reply names "
              "the model in the header x-oblivious-model.");
    table.add("continued", &Routing::continued,
              TextsKind{R"(["claude-sonnet-4*"])", check_model, "list of models"}, live,
              "Models whose streams of text are gone on with by another channel, or by the same, "
              "where their provider breaks them off: docs/routing.md says how.");

    Table<Health> health(out, "health", &Config::health);
    health.add("check_interval", &Health::check_interval, DurationKind{100ms, 24h}, live,
               "How often a channel is asked that has served no call meanwhile; the balance of its "
               "keys, where its provider tells one, every third time.");
    health.add("check_timeout", &Health::check_timeout, DurationKind{100ms, 5min}, live,
               "A check that takes longer has failed.");
    health.add("check_retry", &Health::check_retry, DurationKind{10ms, 5min}, live,
               "A failed check is repeated after this time; after three failures in a row the "
               "channel is out of use.");
    health.add("recheck_interval", &Health::recheck_interval, DurationKind{100ms, 24h}, live,
               "How often a channel is asked that is out of use, or whose key was refused.");
}

void add_cache(std::vector<Field>& out) {
    Table<Cache> table(out, "cache", &Config::cache);
    table.add("models", &Cache::models, PairsKind{"gpt-4o*=exact", check_cached_model}, live,
              "Models whose answers are given again: `exact` for the same request, `semantic` also "
              "for one that means the same, `off`. The first that fits counts; a token's own "
              "setting goes before it.");
    table.add("ttl", &Cache::ttl, DurationKind{1s, 24h * 365}, live,
              "How long an answer is given again.");
    table.add("stale", &Cache::stale, DurationKind{0ms, 24h * 365}, live,
              "For how much longer it stands in when every channel fails.");
    table.add("entries", &Cache::entries, CountKind{0, 10'000'000}, live,
              "Answers kept, in memory; the one that was not asked for longest goes first. 0 keeps "
              "none.");
    table.add("bytes", &Cache::bytes, SizeKind{0, 64LL << 30}, live,
              "Memory for all of them together.");
    table.add("answer_bytes", &Cache::answer_bytes, SizeKind{1 << 10, 64 << 20}, live,
              "A longer answer is not kept.");
    table.add("scope", &Cache::scope, scope, live,
              "Whose answers a caller may be given: those of the same `token`, the same `account`, "
              "or of `everyone` in the same group.");
    table.add("price_percent", &Cache::price_percent, CountKind{0, 100}, live,
              "What an answer costs that is given again, in percent of its price.");
    table.add("single_flight", &Cache::single_flight, on_off, live,
              "Calls that do not stream wait for an equal one that is under way, and share its "
              "answer.");
    table.add("embedding_model", &Cache::embedding_model, TextKind{}, live,
              "The model that tells what a question means, for `semantic`. It is asked and billed "
              "like a call of the same token. Empty: only equal requests are found.");
    table.add("similarity_permille", &Cache::similarity_permille, CountKind{1, 1000}, live,
              "How close two questions have to be, as a thousandth of their cosine similarity.");
}

void add_notices(std::vector<Field>& out) {
    Table<Notices> table(out, "notices", &Config::notices);
    constexpr SecretKind url{true};
    constexpr SecretKind secret{};
    table.add("webhook", &Notices::webhook, url, restart, "Gets each notice as JSON, by POST.");
    table.add("webhook_secret", &Notices::webhook_secret, secret, restart,
              "Signs what it gets, in the header x-oblivious-signature.");
    table.add("slack", &Notices::slack, url, restart, "An incoming webhook of Slack.");
    table.add("dingtalk", &Notices::dingtalk, url, restart, "A robot of DingTalk.");
    table.add("dingtalk_secret", &Notices::dingtalk_secret, secret, restart,
              "Signs what it gets, where the robot asks for that.");
    table.add("smtp", &Notices::smtp, TextKind{}, restart,
              "The mail server, `smtp://host:587` or `smtps://host:465`.");
    table.add("smtp_user", &Notices::smtp_user, TextKind{}, restart,
              "The name to log in with; empty: none.");
    table.add("smtp_password", &Notices::smtp_password, secret, restart,
              "Its password, which goes to another machine only under TLS.");
    table.add("mail_from", &Notices::mail_from, TextKind{}, restart, "The sender's address.");
    table.add("mail_to", &Notices::mail_to, TextKind{}, restart,
              "The receivers' addresses, separated by commas.");
    table.add("attempts", &Notices::attempts, CountKind{1, 100}, restart,
              "How often a notice is tried with one receiver before it is given up.");
    table.add("retry_pause", &Notices::retry_pause, DurationKind{1ms, 5min}, restart,
              "The pause before the second attempt; doubled each time, up to 5 min.");
    table.add("queue", &Notices::queue, CountKind{1, 100'000}, restart,
              "Notices that may wait for one receiver; more are lost, and logged.");
    table.add("balance_interval", &Notices::balance_interval, DurationKind{10ms, 30s}, restart,
              "How often the accounts are looked at.");
}

void add_billing(std::vector<Field>& out) {
    Table<Billing> table(out, "billing", &Config::billing);
    table.add("durability", &Billing::durability, durability, restart,
              "What a client that has seen the end of a reply has paid through: `process` survives "
              "the end of the process at any instant, `power` also a power cut, at the price of a "
              "wait for the disk.");
    table.add("unpriced", &Billing::unpriced, unpriced, restart,
              "Calls of a model without a price: `account` serves accounts without a limit and "
              "refuses prepaid ones and budgets, `free` serves all, `refuse` refuses all.");
    table.add("output_tokens_default", &Billing::output_tokens_default, CountKind{1, 10'000'000},
              live, "Output tokens to reserve for when a call does not limit its own.");
    table.add("hidden_reasoning_rate", &Billing::hidden_reasoning_rate, CountKind{0, 10'000}, live,
              "Tokens a second that a model which thinks unseen is taken to have thought at until "
              "its first word, where a stream broke off before its figures came. 0 charges none.");
    table.add("group_multipliers", &Billing::group_multipliers,
              PairsKind{"partners=0.8", check_multiplier}, live,
              "What of every price the tokens of a group pay; others pay all of it. At most six "
              "decimals, up to 1000.");
    table.add("ring_slots", &Billing::ring_slots, CountKind{64, 1 << 22}, restart,
              "Calls that may be open or not yet in the database, at 512 bytes each; more are "
              "answered 503.");
    table.add(
        "hold_limit", &Billing::hold_limit, DurationKind{1s, 168h}, restart,
        "How long money stays set aside for a call that does not end; then it goes back, and "
        "the call is charged from what there is when it ends. Never less than "
        "`upstream.total_timeout`, by which other calls than Realtime have ended; keep it above "
        "the longest `total_ms` of a channel.");
    table.add("on_gap", &Billing::on_gap, on_gap, live,
              "What happens when calls that ended, charges that were written and what is stored do "
              "not agree: a notice, or a notice and no paid call until they do.");
    table.add("watch_interval", &Billing::watch_interval, DurationKind{1s, 1h}, live,
              "How often they are compared.");
    table.add("verify_at", &Billing::verify_at, TextKind{}, live,
              "Time of day (UTC, HH:MM) at which the books are proved, as `obliv ledger verify` "
              "does, and the result is a notice. Empty: never.");
    table.add("reconcile_at", &Billing::reconcile_at, TextKind{}, live,
              "Time of day (UTC, HH:MM) at which the files in `reconcile_folder` are compared with "
              "the books, as `obliv ledger reconcile` does. Empty: never.");
    table.add("reconcile_folder", &Billing::reconcile_folder, PathKind{}, live,
              "Bills and usage exports of providers: `openai-2026-01.csv` is held against the "
              "channels of type openai.");
}

void add_capture(std::vector<Field>& out) {
    Table<Capture> table(out, "capture", &Config::capture);
    table.add("models", &Capture::models, TextKind{}, live,
              "Models whose calls are kept: names, or beginnings such as gpt-4*, separated by "
              "commas. With `tokens` empty too, nothing is kept.");
    table.add("tokens", &Capture::tokens, TextKind{}, live,
              "Names of tokens whose calls are kept, separated by commas.");
    table.add("readers", &Capture::readers, TextKind{}, live,
              "Ids of the tokens (of role admin) that may read what is kept, separated by commas; "
              "others may only over the local socket.");
    table.add("redact", &Capture::redact, TextKind{}, live,
              "Fields of JSON whose values are left out, such as content,email. Keys and other "
              "secrets always are.");
    table.add("bytes", &Capture::bytes, SizeKind{1 << 10, 64 << 10}, live,
              "How much of a request, and of a reply, is kept.");
    table.add("total_bytes", &Capture::total_bytes, SizeKind{1 << 20, std::int64_t{1} << 40}, live,
              "How much is kept of all; the oldest go first.");
    table.add(
        "memory", &Capture::memory, SizeKind{64 << 10, std::int64_t{1} << 40}, live,
        "Memory for what was said in calls that still run or wait to be stored; what does not "
        "fit is cut.");
    table.add("retention", &Capture::retention, DurationKind{1min, 24h * 365}, live, "How long.");
}

void add_rest(std::vector<Field>& out) {
    Table<Usage> usage(out, "usage", &Config::usage);
    usage.add("months_kept", &Usage::months_kept, CountKind{0, 1200}, live,
              "Months before the present one whose usage rows are kept; older ones are removed. 0 "
              "keeps all. Charges and sums always stay.");

    add_capture(out);
    Table<Storage> storage(out, "storage", &Config::storage);
    storage.add("path", &Storage::path, PathKind{}, restart, "The SQLite database.",
                "`oblivd.db` in the state folder");
    storage.add("readers", &Storage::readers, CountKind{1, 16}, restart,
                "Threads that read the database.");

    Table<Log> logs(out, "log", &Config::log);
    logs.add("level", &Log::level, level, live,
             "`err` needs a human, `warning` is degraded, `notice` is lifecycle, `info` adds a "
             "line for each request.");
    logs.add("format", &Log::format, format, restart,
             "`auto` is `journal` under systemd, else `text`.");

    Table<Tokenizers> tokenizers(out, "tokenizers", &Config::tokenizers);
    tokenizers.add("models", &Tokenizers::models,
                   PairsKind{"qwen3*=/etc/oblivd/qwen3/tokenizer.json", check_tokenizer}, restart,
                   "Models, or with a * all that begin so, whose tokens are counted by a public "
                   "encoding or by a Hugging Face tokenizer.json instead of being estimated.");

    Table<Metrics> metrics(out, "metrics", &Config::metrics);
    metrics.add("listen", &Metrics::listen, EndpointsKind{}, restart,
                "Addresses that serve only /metrics, /healthz and /readyz, without a credential.");

    Table<Secrets> secrets(out, "secrets", &Config::secrets);
    secrets.add("master_key", &Secrets::master_key, KeyKind{}, restart,
                "64 hexadecimal digits, best as `credential:master.key`. Empty: the file "
                "`master.key` in the state folder, made at the first start.");
    secrets.add("previous_master_key", &Secrets::previous_master_key, KeyKind{}, restart,
                "The key before that one, while values sealed with it are still stored.");
}

const std::vector<Field>& table() {
    static const std::vector<Field> built = [] {
        std::vector<Field> out;
        add_server(out);
        add_limits(out);
        add_upstream(out);
        add_fetch(out);
        add_routing(out);
        add_cache(out);
        add_notices(out);
        add_billing(out);
        add_rest(out);
        return out;
    }();
    return built;
}

}  // namespace

std::span<const Section> sections() {
    return section_table;
}

std::span<const Field> fields() {
    return table();
}

const Field* find_field(std::string_view section, std::string_view key) {
    for (const auto& field : table())
        if (field.section == section && field.key == key)
            return &field;
    return nullptr;
}

}  // namespace obliv::config
