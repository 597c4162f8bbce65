#pragma once

#include "core/base/log.hpp"
#include "core/base/secret.hpp"
#include "core/config/endpoint.hpp"
#include "core/config/limits.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// The settings of oblivd: one struct per section of the file, whose initialisers are the defaults.
/// schema.cpp lists every field once; loading, validation, `print-config`, the commented default
/// file and docs/configuration.md all come from that list.
namespace obliv::config {

using std::chrono::milliseconds;

struct Server {
    std::vector<Endpoint> listen{Endpoint{"127.0.0.1", 8490}};
    std::string socket;        ///< absolute; empty only before loading has filled it in
    std::string data_dir;      ///< absolute; empty only before loading has filled it in
    std::int64_t threads = 0;  ///< loops; 0: one for each core
    milliseconds drain_timeout = limits::drain_timeout;
    milliseconds heartbeat_interval = limits::heartbeat_interval;
};

struct Limits {
    std::int64_t head_bytes = limits::head_bytes;
    std::int64_t headers = limits::headers;
    std::int64_t body_bytes = limits::body_bytes;
    std::int64_t body_memory = limits::body_memory;
    std::int64_t body_disk = limits::body_disk;
    std::int64_t disk_reserve = limits::disk_reserve;
    std::int64_t connections = limits::connections;
    milliseconds head_timeout = limits::head_timeout;
    milliseconds body_timeout = limits::body_timeout;
    std::int64_t body_rate = limits::body_rate;
    milliseconds write_timeout = limits::write_timeout;
    milliseconds keep_alive_timeout = limits::keep_alive_timeout;
};

struct Upstream {
    milliseconds connect_timeout = limits::connect_timeout;
    milliseconds first_byte_timeout = limits::first_byte_timeout;
    milliseconds idle_timeout = limits::idle_timeout;
    milliseconds total_timeout = limits::total_timeout;
    std::int64_t attempts = limits::attempts;
    milliseconds retry_pause_first = limits::retry_pause_first;
    milliseconds retry_pause_last = limits::retry_pause_last;
    std::int64_t pool_connections = limits::pool_connections;
    milliseconds pool_idle_timeout = limits::pool_idle_timeout;
    std::string proxy;    ///< http://host:port; empty: HTTPS_PROXY and NO_PROXY
    std::string ca_file;  ///< PEM; empty: the system's certificates
};

/// Media that callers tell by URLs, where a provider takes the bytes only.
struct Fetch {
    std::int64_t bytes = 20 << 20;  ///< of all media of one call; 0: nothing is fetched
    milliseconds timeout{10'000};
    std::vector<std::string> allow;  ///< hosts, addresses and networks that are not public
};

enum class Strategy : std::uint8_t {
    weighted_random,
    round_robin,
    least_in_flight,
    lowest_latency,
    lowest_price,
};

/// Which calls stay with one channel while it works.
enum class Affinity : std::uint8_t { off, session, token };

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Routing {
    Strategy strategy = Strategy::weighted_random;
    Pairs tiers;  ///< priority and name of a strategy, where it differs
    Affinity affinity = Affinity::off;
    Pairs hedges;                        ///< model or prefix*, and p95 or a duration
    Pairs fallbacks;                     ///< model, and those to ask instead, separated by commas
    std::vector<std::string> continued;  ///< model or prefix*
};

struct Health {
    milliseconds check_interval = limits::check_interval;
    milliseconds check_timeout = limits::check_timeout;
    milliseconds check_retry = limits::check_retry;
    milliseconds recheck_interval = limits::recheck_interval;
};

/// Whose answers a caller may be given.
enum class CacheScope : std::uint8_t { token, account, everyone };

enum class Switch : std::uint8_t { off, on };

/// Answers that are given again.
struct Cache {
    Pairs models;  ///< model or prefix*, and off, exact or semantic
    milliseconds ttl = limits::cache_ttl;
    milliseconds stale = milliseconds(0);  ///< beyond ttl, where no channel answers
    std::int64_t entries = limits::cache_entries;
    std::int64_t bytes = limits::cache_bytes;
    std::int64_t answer_bytes = limits::cache_answer_bytes;
    CacheScope scope = CacheScope::account;
    std::int64_t price_percent = 0;
    Switch single_flight = Switch::off;
    std::string embedding_model;  ///< empty: nothing is compared by its meaning
    std::int64_t similarity_permille = 950;
};

/// Who is told of what happens by itself.
struct Notices {
    Secret webhook;  ///< URL
    Secret webhook_secret;
    Secret slack;     ///< URL
    Secret dingtalk;  ///< URL
    Secret dingtalk_secret;
    std::string smtp;  ///< smtp://host:port
    std::string smtp_user;
    Secret smtp_password;
    std::string mail_from;
    std::string mail_to;  ///< addresses, separated by commas
    std::int64_t attempts = limits::notice_attempts;
    milliseconds retry_pause = limits::notice_retry_pause;
    std::int64_t queue = limits::notice_queue;
    milliseconds balance_interval = limits::balance_interval;
};

enum class Durability : std::uint8_t {
    process,  ///< survives kill -9: the intent ring
    power,    ///< survives a power cut: the group commit
};

/// What happens to calls of a model that has no price.
enum class Unpriced : std::uint8_t {
    by_account,  ///< served to accounts without a limit, refused to prepaid ones and budgets
    free,
    refuse,
};

/// What is done when the figures of those who count do not agree.
enum class OnGap : std::uint8_t { alert, stop };

struct Billing {
    Durability durability = Durability::process;
    Unpriced unpriced = Unpriced::by_account;
    /// What is reserved for the output of a call that names no limit of its own.
    std::int64_t output_tokens_default = limits::output_tokens_default;
    /// Tokens a second that a model is taken to think at where it does not show it.
    std::int64_t hidden_reasoning_rate = limits::hidden_reasoning_rate;
    std::int64_t ring_slots = limits::ring_slots;
    milliseconds hold_limit = limits::hold_limit;
    Pairs group_multipliers;  ///< group, and what of each price it pays: a decimal
    OnGap on_gap = OnGap::alert;
    milliseconds watch_interval = limits::watch_interval;
    std::string verify_at;     ///< HH:MM, UTC; empty: never
    std::string reconcile_at;  ///< likewise
    std::string reconcile_folder;
};

struct Usage {
    std::int64_t months_kept = 0;  ///< of usage rows, before the present month; 0: all
};

/// What was said in calls, which is kept of those that are named here only.
struct Capture {
    std::string models;   ///< names or beginnings with *, separated by commas
    std::string tokens;   ///< names
    std::string readers;  ///< ids of tokens that may read it
    std::string redact;   ///< fields of JSON
    std::int64_t bytes = limits::capture_bytes;
    std::int64_t total_bytes = limits::capture_total_bytes;
    std::int64_t memory = limits::capture_memory;
    milliseconds retention = limits::capture_retention;
};

struct Storage {
    std::string path;  ///< the database; absolute; empty only before loading has filled it in
    std::int64_t readers = 2;
};

enum class LogFormat : std::uint8_t { automatic, text, json, journal };

struct Log {
    log::Level level = log::Level::info;
    LogFormat format = LogFormat::automatic;
};

struct Tokenizers {
    Pairs models;  ///< model or prefix*, and the name of an encoding or the path of a file
};

struct Metrics {
    std::vector<Endpoint> listen;  ///< where /metrics needs no credential; empty: no such listener
};

struct Secrets {
    Secret master_key;           ///< 64 hexadecimal digits; empty: data_dir/master.key
    Secret previous_master_key;  ///< still read while `secrets rotate` has not ended
};

struct Config {
    Server server;
    Limits limits;
    Upstream upstream;
    Fetch fetch;
    Routing routing;
    Health health;
    Cache cache;
    Notices notices;
    Billing billing;
    Usage usage;
    Capture capture;
    Storage storage;
    Log log;
    Tokenizers tokenizers;
    Metrics metrics;
    Secrets secrets;
};

}  // namespace obliv::config
