#pragma once

#include <chrono>
#include <cstdint>

/// Every limit of the project has its name here. The first group are defaults of settings, which an
/// administrator may move; the second are fixed.
namespace obliv::limits {

using namespace std::chrono_literals;

inline constexpr std::int64_t head_bytes = 32 << 10;  ///< request line and headers
inline constexpr std::int64_t headers = 100;
inline constexpr std::int64_t body_bytes = 100 << 20;   ///< images and audio travel inline
inline constexpr std::int64_t body_memory = 100 << 20;  ///< of all bodies together
inline constexpr std::int64_t body_disk = 2LL << 30;    ///< likewise, of those in files
inline constexpr std::int64_t disk_reserve = 64 << 20;  ///< which bodies leave free
inline constexpr std::int64_t connections = 20'000;
inline constexpr std::chrono::milliseconds head_timeout = 15s;  ///< from first byte to blank line
inline constexpr std::chrono::milliseconds body_timeout = 30s;  ///< without a byte of the body
inline constexpr std::int64_t body_rate = 1 << 10;  ///< bytes a second, over all of a body
inline constexpr std::chrono::milliseconds write_timeout = 90s;  ///< client reads nothing
inline constexpr std::chrono::milliseconds keep_alive_timeout = 75s;

inline constexpr std::chrono::milliseconds connect_timeout = 5s;
inline constexpr std::chrono::milliseconds first_byte_timeout = 120s;
inline constexpr std::chrono::milliseconds idle_timeout = 120s;
inline constexpr std::chrono::milliseconds total_timeout = 30min;
inline constexpr std::chrono::milliseconds pool_idle_timeout = 55s;  ///< below the usual 60 s
inline constexpr std::int64_t pool_connections = 512;  ///< idle, for each loop and provider
inline constexpr std::int64_t attempts = 4;            ///< upstream calls for one request
inline constexpr std::chrono::milliseconds retry_pause_first = 1s;  ///< before a channel's repeat
inline constexpr std::chrono::milliseconds retry_pause_last = 30s;

inline constexpr std::chrono::milliseconds check_interval = 5min;
inline constexpr std::chrono::milliseconds check_timeout = 10s;
inline constexpr std::chrono::milliseconds check_retry = 10s;
inline constexpr std::chrono::milliseconds recheck_interval = 30min;
inline constexpr int check_failures = 3;  ///< in a row, and a channel counts as dead

inline constexpr std::chrono::milliseconds cache_ttl = 1h;
inline constexpr std::int64_t notice_attempts = 10;
inline constexpr std::chrono::milliseconds notice_retry_pause = 1s;  ///< doubled, to 5 min
inline constexpr std::int64_t notice_queue = 1000;                   ///< for each receiver
inline constexpr std::chrono::milliseconds balance_interval = 5s;
inline constexpr std::int64_t cache_entries = 10'000;
inline constexpr std::int64_t cache_bytes = 64 << 20;
inline constexpr std::int64_t cache_answer_bytes = 1 << 20;

inline constexpr std::int64_t output_tokens_default = 16'384;
inline constexpr std::int64_t hidden_reasoning_rate = 100;  ///< tokens a second
inline constexpr std::int64_t ring_slots = 65'536;
inline constexpr std::chrono::milliseconds hold_limit = 2h;
inline constexpr std::chrono::milliseconds watch_interval = 1min;
inline constexpr std::int64_t capture_bytes = 16 << 10;         ///< of a request, and of a reply
inline constexpr std::int64_t capture_total_bytes = 256 << 20;  ///< of all
inline constexpr std::int64_t capture_memory = 16 << 20;        ///< of what is not stored yet
inline constexpr std::chrono::milliseconds capture_retention = 7 * 24h;
inline constexpr std::chrono::milliseconds drain_timeout = 30s;
inline constexpr std::chrono::milliseconds heartbeat_interval = 15s;

inline constexpr std::int64_t sse_event_bytes = 4 << 20;  ///< one event of a provider's stream
inline constexpr std::int64_t reply_bytes = 256 << 20;    ///< one reply that is not a stream
inline constexpr int json_depth = 64;                     ///< nesting of a request body
inline constexpr std::int64_t config_bytes = 1 << 20;     ///< one configuration file
inline constexpr int config_files = 100;                  ///< in conf.d
inline constexpr std::int64_t credential_bytes = 64 << 10;
inline constexpr std::int64_t listeners = 16;
inline constexpr std::size_t setting_text_bytes = 1024;  ///< of a name or an address
inline constexpr std::size_t socket_path_bytes = 107;    ///< sun_path less its final NUL

}  // namespace obliv::limits
