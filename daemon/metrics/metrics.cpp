#include "daemon/metrics/metrics.hpp"

#include "core/base/error.hpp"

#include <algorithm>
#include <charconv>

namespace obliv::metrics {
namespace {

// clang-format off
constexpr std::array list{
    Description{"oblivd_requests_total", "counter", "route, model, channel, status", "Requests answered."},
    Description{"oblivd_errors_total", "counter", "route, model, channel, code", "Requests that ended with an error, by its code."},
    Description{"oblivd_tokens_total", "counter", "route, model, channel, kind", "Tokens billed, by kind."},
    Description{"oblivd_cost_usd_total", "counter", "route, model, channel", "US dollars charged."},
    Description{"oblivd_request_duration_seconds", "histogram", "route, model, channel", "Time from the request's arrival to the end of its reply."},
    Description{"oblivd_time_to_first_token_seconds", "histogram", "route, model, channel", "Time from the request's arrival to the first byte of content."},
    Description{"oblivd_requests_in_flight", "gauge", "", "Requests that are being served."},
    Description{"oblivd_open_streams", "gauge", "", "Event streams that are open."},
    Description{"oblivd_connections", "gauge", "", "Client connections."},
    Description{"oblivd_channel_up", "gauge", "channel", "1: enabled, not found dead, a key of it usable, and its last calls did not all fail."},
    Description{"oblivd_channel_in_flight", "gauge", "channel", "Calls to the channel under way."},
    Description{"oblivd_channel_requests_total", "counter", "channel", "Calls made to the channel, retries included."},
    Description{"oblivd_channel_failures_total", "counter", "channel", "Calls to the channel that failed."},
    Description{"oblivd_channel_breaker", "gauge", "channel", "The worst circuit breaker of the channel: 0 closed, 1 recovering, 2 half open, 3 open."},
    Description{"oblivd_channel_keys_usable", "gauge", "channel", "Keys of the channel that do not rest."},
    Description{"oblivd_channel_first_content_seconds", "gauge", "channel", "Moving mean of the time to the first content; 0: none yet."},
    Description{"oblivd_channel_quota_used_ratio", "gauge", "channel", "Share of the calls that the channel, or its keys, may make in this minute; of channels with such a limit."},
    Description{"oblivd_channel_quota_left", "gauge", "channel, kind", "Calls and tokens left of the rate limits of the channel's keys, as the provider last said."},
    Description{"oblivd_channel_balance", "gauge", "channel, currency", "What the provider holds for the channel's keys, in its own currency."},
    Description{"oblivd_attempts_total", "counter", "channel, cause", "Calls to the channel that have ended, by how."},
    Description{"oblivd_quota_left_usd", "gauge", "account", "US dollars an account with a limit can still spend; the first thousand such accounts."},
    Description{"oblivd_budget_left_usd", "gauge", "token", "US dollars a token with a budget can still spend; the first thousand such tokens."},
    Description{"oblivd_queue_length", "gauge", "queue", "Entries of a bounded queue."},
    Description{"oblivd_ring_slots", "gauge", "", "Slots of the intent ring."},
    Description{"oblivd_commit_lag_seconds", "gauge", "", "Age of the oldest call of the last group commit."},
    Description{"oblivd_commit_failures_total", "counter", "", "Group commits that did not reach the disk at first."},
    Description{"oblivd_calls_stored_total", "counter", "", "Calls stored with their charge."},
    Description{"oblivd_calls_ended_total", "counter", "", "Calls that ended and are to be stored."},
    Description{"oblivd_billing_gap", "gauge", "", "1 while calls that ended, charges written and what is stored do not agree."},
    Description{"oblivd_cache_lookups_total", "counter", "result", "Calls that may be answered from the cache, by what was found."},
    Description{"oblivd_cache_hit_ratio", "gauge", "", "Share of these calls since the start that needed no provider."},
    Description{"oblivd_cache_answers", "gauge", "", "Answers in the cache."},
    Description{"oblivd_cache_bytes", "gauge", "", "Memory of the answers in the cache."},
    Description{"oblivd_cache_evictions_total", "counter", "", "Answers that went to make room for others."},
    Description{"oblivd_notices_total", "counter", "receiver, result", "Deliveries of notices, by how they ended."},
    Description{"oblivd_notices_waiting", "gauge", "receiver", "Notices that are still to be delivered."},
    Description{"oblivd_ready", "gauge", "", "1: /readyz answers 200."},
    Description{"oblivd_start_time_seconds", "gauge", "", "When the daemon started, in seconds since 1970."},
};
// clang-format on

constexpr std::array<double, 16> bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                        2.5,   5,    10,    20,   30,  60,   120, 300};
constexpr std::size_t series_max = 2000;
constexpr std::array<std::string_view, 13> kinds{
    "input",    "cache_read", "cache_write_5m", "cache_write_1h", "audio_in",
    "image_in", "output",     "reasoning",      "audio_out",      "images",
    "seconds",  "characters", "searches"};

std::array<std::int64_t, kinds.size()> counts(const llm::Usage& usage) {
    return {usage.input,     usage.cache_read, usage.cache_write_5m, usage.cache_write_1h,
            usage.audio_in,  usage.image_in,   usage.output,         usage.reasoning,
            usage.audio_out, usage.images,     usage.seconds,        usage.characters,
            usage.searches};
}

struct Histogram {
    std::array<std::uint64_t, bounds.size() + 1> buckets{};
    std::uint64_t micros = 0;

    void add(std::chrono::microseconds span) {
        auto seconds = static_cast<double>(span.count()) / 1e6;
        std::size_t i = 0;
        while (i < bounds.size() && seconds > bounds[i])
            ++i;
        ++buckets[i];
        micros += static_cast<std::uint64_t>(span.count());
    }
    void add(const Histogram& other) {
        for (std::size_t i = 0; i < buckets.size(); ++i)
            buckets[i] += other.buckets[i];
        micros += other.micros;
    }
};

std::string number(double value) {
    std::array<char, 32> out{};
    auto end = std::to_chars(out.data(), out.data() + out.size(), value).ptr;
    return {out.data(), end};
}

/// The text of a label's value: backslash, quote and LF are escaped (exposition format 0.0.4).
std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '\\' || c == '"')
            out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

using Labels = std::vector<std::pair<std::string, std::string>>;

Labels with(Labels labels, std::string name, std::string value) {
    labels.emplace_back(std::move(name), std::move(value));
    return labels;
}

class Page {
public:
    void begin(const Description& description) {
        text_.append("# HELP ")
            .append(description.name)
            .append(" ")
            .append(description.help)
            .append("\n");
        text_.append("# TYPE ")
            .append(description.name)
            .append(" ")
            .append(description.type)
            .append("\n");
    }
    void line(std::string_view name, std::string_view suffix, const Labels& labels,
              std::string_view value) {
        text_.append(name).append(suffix);
        char separator = '{';
        for (const auto& [key, label] : labels) {
            text_.append(1, separator)
                .append(key)
                .append("=\"")
                .append(escaped(label))
                .append("\"");
            separator = ',';
        }
        if (!labels.empty())
            text_ += '}';
        text_.append(" ").append(value).append("\n");
    }
    void histogram(std::string_view name, const Labels& labels, const Histogram& histogram) {
        std::uint64_t total = 0;
        auto with_bound = labels;
        with_bound.emplace_back("le", "");
        for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
            total += histogram.buckets[i];
            with_bound.back().second = i < bounds.size() ? number(bounds[i]) : "+Inf";
            line(name, "_bucket", with_bound, std::to_string(total));
        }
        line(name, "_sum", labels, number(static_cast<double>(histogram.micros) / 1e6));
        line(name, "_count", labels, std::to_string(total));
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

}  // namespace

struct Metrics::Series {
    std::map<int, std::uint64_t> statuses;
    std::map<std::string, std::uint64_t, std::less<>> errors;
    std::array<std::int64_t, kinds.size()> tokens{};
    Money cost;
    Histogram duration;
    Histogram ttft;

    void add(const Series& other) {
        for (auto [status, count] : other.statuses)
            statuses[status] += count;
        for (const auto& [code, count] : other.errors)
            errors[code] += count;
        for (std::size_t i = 0; i < tokens.size(); ++i)
            tokens[i] += other.tokens[i];
        cost += other.cost;
        duration.add(other.duration);
        ttft.add(other.ttft);
    }

    // Each writes the lines of one family.
    void put_statuses(Page& page, std::string_view name, const Labels& labels) const {
        for (auto [status, count] : statuses)
            page.line(name, "", with(labels, "status", std::to_string(status)),
                      std::to_string(count));
    }
    void put_errors(Page& page, std::string_view name, const Labels& labels) const {
        for (const auto& [code, count] : errors)
            page.line(name, "", with(labels, "code", code), std::to_string(count));
    }
    void put_tokens(Page& page, std::string_view name, const Labels& labels) const {
        for (std::size_t i = 0; i < kinds.size(); ++i)
            page.line(name, "", with(labels, "kind", std::string(kinds[i])),
                      std::to_string(tokens[i]));
    }
    void put_cost(Page& page, std::string_view name, const Labels& labels) const {
        page.line(name, "", labels, cost.text());
    }
    void put_duration(Page& page, std::string_view name, const Labels& labels) const {
        page.histogram(name, labels, duration);
    }
    void put_ttft(Page& page, std::string_view name, const Labels& labels) const {
        page.histogram(name, labels, ttft);
    }

    struct Family {
        std::string_view name;
        void (Series::*put)(Page&, std::string_view, const Labels&) const;
    };
    /// Nothing for a family that is not of requests.
    static const Family* family(std::string_view name) {
        static constexpr std::array families{
            Family{"oblivd_requests_total", &Series::put_statuses},
            Family{"oblivd_errors_total", &Series::put_errors},
            Family{"oblivd_tokens_total", &Series::put_tokens},
            Family{"oblivd_cost_usd_total", &Series::put_cost},
            Family{"oblivd_request_duration_seconds", &Series::put_duration},
            Family{"oblivd_time_to_first_token_seconds", &Series::put_ttft},
        };
        for (const auto& one : families)
            if (one.name == name)
                return &one;
        return nullptr;
    }
};

struct Metrics::Shard {
    using Key = std::array<std::string, 3>;
    using KeyView = std::array<std::string_view, 3>;
    struct Less {
        using is_transparent = void;
        template <typename A, typename B>
        bool operator()(const A& a, const B& b) const {
            for (std::size_t i = 0; i < 3; ++i)
                if (auto order = std::string_view(a[i]).compare(std::string_view(b[i])); order != 0)
                    return order < 0;
            return false;
        }
    };

    // Taken by the loop for each request and by a scrape: never contended for long.
    mutable std::mutex mutex;
    std::map<Key, Series, Less> series;
    std::map<Key, Series, Less>::value_type* last = nullptr;  ///< of the request before: often this

    Series& find(KeyView key) {
        if (last == nullptr || !std::equal(key.begin(), key.end(), last->first.begin()))
            last = &*look_up(key);
        return last->second;
    }
    std::map<Key, Series, Less>::iterator look_up(KeyView key) {
        auto found = series.find(key);
        if (found != series.end())
            return found;
        if (series.size() >= series_max)
            key = {key[0], "other", "other"};
        return series
            .try_emplace(Key{std::string(key[0]), std::string(key[1]), std::string(key[2])})
            .first;
    }
};

std::span<const Description> catalogue() noexcept {
    return list;
}

Metrics::Metrics(std::size_t shards) {
    for (std::size_t i = 0; i < shards; ++i)
        shards_.push_back(std::make_unique<Shard>());
}

Metrics::~Metrics() = default;

void Metrics::observe(std::size_t shard, const Observation& observation) {
    auto& target = *shards_[shard];
    std::lock_guard lock(target.mutex);
    auto& series = target.find({observation.route, observation.model, observation.channel});
    ++series.statuses[observation.status];
    if (!observation.error.empty()) {
        auto found = series.errors.find(observation.error);
        if (found == series.errors.end())
            found = series.errors.emplace(std::string(observation.error), 0).first;
        ++found->second;
    }
    auto tokens = counts(observation.usage);
    for (std::size_t i = 0; i < tokens.size(); ++i)
        series.tokens[i] += tokens[i];
    series.cost += observation.cost;
    series.duration.add(observation.duration);
    if (observation.ttft.count() >= 0)
        series.ttft.add(observation.ttft);
}

std::string Metrics::render(std::span<const Gauge> gauges) const {
    std::map<Shard::Key, Series> all;
    for (const auto& shard : shards_) {
        std::lock_guard lock(shard->mutex);
        for (const auto& [key, series] : shard->series)
            all[key].add(series);
    }
    Page page;
    for (const auto& description : list) {
        page.begin(description);
        if (const auto* family = Series::family(description.name))
            for (const auto& [key, series] : all)
                (series.*family->put)(page, family->name,
                                      {{"route", key[0]}, {"model", key[1]}, {"channel", key[2]}});
        for (const auto& gauge : gauges)
            if (gauge.name == description.name)
                page.line(gauge.name, "", gauge.labels, number(gauge.value));
    }
    return page.take();
}

}  // namespace obliv::metrics
