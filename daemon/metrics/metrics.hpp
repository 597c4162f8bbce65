#pragma once

#include "core/base/money.hpp"
#include "core/llm/usage.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::metrics {

/// One metric as docs/metrics.md and the exposition describe it.
struct Description {
    std::string_view name;
    std::string_view type;  ///< counter, gauge or histogram
    std::string_view labels;
    std::string_view help;
};

/// Every metric that /metrics can show, in its order.
std::span<const Description> catalogue() noexcept;

/// What one request adds. Texts are read during the call only.
struct Observation {
    std::string_view route;    ///< a path of ours, never one that a client made up
    std::string_view model;    ///< empty: none
    std::string_view channel;  ///< its name; empty: none was reached
    std::string_view error;    ///< the name of its code; empty: none
    int status = 0;
    llm::Usage usage;
    Money cost;
    std::chrono::microseconds duration{0};
    std::chrono::microseconds ttft{-1};  ///< negative: no first token
};

/// A value read when the exposition is made: queue lengths, balances, health.
struct Gauge {
    std::string_view name;  ///< one of the catalogue
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
};

/// Counters and histograms of all loops. One shard for each loop, so that counting never waits.
class Metrics {
public:
    explicit Metrics(std::size_t shards);
    ~Metrics();

    /// On loop `shard`. Models and channels beyond two thousand pairs are counted as `other`.
    void observe(std::size_t shard, const Observation& observation);

    /// The text exposition (Prometheus, version 0.0.4). Any thread.
    std::string render(std::span<const Gauge> gauges) const;

private:
    struct Series;
    struct Shard;
    std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace obliv::metrics
