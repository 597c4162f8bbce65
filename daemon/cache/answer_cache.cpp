#include "daemon/cache/answer_cache.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <list>
#include <unordered_map>
#include <utility>

namespace obliv::cache {
namespace {

// What an answer takes beside its texts: nodes of the list and of the index, and the object.
constexpr std::size_t overhead_bytes = 512;

double similarity_of(const Meaning& a, const Meaning& b) {
    if (a.size() != b.size())
        return 0;
    double product = 0;
    double square_a = 0;
    double square_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        product += static_cast<double>(a[i]) * static_cast<double>(b[i]);
        square_a += static_cast<double>(a[i]) * static_cast<double>(a[i]);
        square_b += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    return square_a > 0 && square_b > 0 ? product / std::sqrt(square_a * square_b) : 0;
}

struct Entry {
    Sha256 key{};
    Sha256 bucket{};
    Meaning meaning;
    AnswerPtr answer;

    std::size_t bytes() const {
        return answer->body.size() + meaning.size() * sizeof(float) + overhead_bytes;
    }
};
using Entries = std::list<Entry>;

}  // namespace

std::string_view name_of(Lookup lookup) noexcept {
    constexpr std::array<std::string_view, lookups> names{"hit", "semantic", "stale", "miss",
                                                          "shared"};
    return names[static_cast<std::size_t>(lookup)];
}

bool Flight::when_landed(std::function<void()> wake) {
    std::lock_guard lock(mutex_);
    if (landed_)
        return false;
    waiting_.push_back(std::move(wake));
    return true;
}

AnswerPtr Flight::answer() const {
    std::lock_guard lock(mutex_);
    return answer_;
}

void Flight::land(AnswerPtr answer) {
    std::vector<std::function<void()>> waiting;
    {
        std::lock_guard lock(mutex_);
        landed_ = true;
        answer_ = std::move(answer);
        waiting.swap(waiting_);
    }
    for (const auto& wake : waiting)
        wake();
}

struct AnswerCache::Table {
    mutable std::mutex mutex;
    // Guarded by mutex.
    Limits limits;
    Entries entries;  ///< the one that was asked for last comes first
    std::unordered_map<Sha256, Entries::iterator, Sha256Hash> by_key;
    std::unordered_map<Sha256, std::vector<Entries::iterator>, Sha256Hash> buckets;
    std::unordered_map<Sha256, std::shared_ptr<Flight>, Sha256Hash> flights;
    std::size_t bytes = 0;
    std::int64_t evicted = 0;

    std::array<std::atomic<std::int64_t>, lookups> looked_up{};

    void erase(Entries::iterator entry);
    void make_room();
    bool has_expired(const Entry& entry, SteadyTime now) const {
        return now >= entry.answer->made + limits.ttl + limits.stale;
    }
    bool is_fresh(const Entry& entry, SteadyTime now) const {
        return now < entry.answer->made + limits.ttl;
    }
};

void AnswerCache::Table::erase(Entries::iterator entry) {
    if (!entry->meaning.empty()) {
        auto bucket = buckets.find(entry->bucket);
        check(bucket != buckets.end(), "an answer with a meaning is in its bucket");
        std::erase(bucket->second, entry);
        if (bucket->second.empty())
            buckets.erase(bucket);
    }
    bytes -= entry->bytes();
    by_key.erase(entry->key);
    entries.erase(entry);
}

void AnswerCache::Table::make_room() {
    while (!entries.empty() && (entries.size() > limits.entries || bytes > limits.bytes)) {
        erase(std::prev(entries.end()));
        ++evicted;
    }
}

AnswerCache::AnswerCache() : table_(std::make_unique<Table>()) {}

AnswerCache::~AnswerCache() = default;

void AnswerCache::set_limits(const Limits& limits) {
    std::lock_guard lock(table_->mutex);
    table_->limits = limits;
    table_->make_room();
}

AnswerCache::Found AnswerCache::find(const Sha256& key, SteadyTime now) {
    std::lock_guard lock(table_->mutex);
    auto found = table_->by_key.find(key);
    if (found == table_->by_key.end())
        return {};
    auto entry = found->second;
    if (table_->has_expired(*entry, now)) {
        table_->erase(entry);
        return {};
    }
    table_->entries.splice(table_->entries.begin(), table_->entries, entry);
    return {entry->answer, table_->is_fresh(*entry, now)};
}

AnswerPtr AnswerCache::find_close(const Sha256& bucket, const Meaning& meaning, double similarity,
                                  SteadyTime now) {
    std::lock_guard lock(table_->mutex);
    auto found = table_->buckets.find(bucket);
    if (found == table_->buckets.end())
        return nullptr;
    AnswerPtr closest;
    for (auto entry : found->second) {
        auto close = similarity_of(entry->meaning, meaning);
        if (close < similarity || !table_->is_fresh(*entry, now))
            continue;
        similarity = close;
        closest = entry->answer;
    }
    return closest;
}

void AnswerCache::put(const Sha256& key, AnswerPtr answer, const Sha256& bucket, Meaning meaning) {
    std::lock_guard lock(table_->mutex);
    if (auto old = table_->by_key.find(key); old != table_->by_key.end())
        table_->erase(old->second);
    table_->entries.push_front({key, bucket, std::move(meaning), std::move(answer)});
    auto entry = table_->entries.begin();
    table_->by_key.emplace(key, entry);
    if (!entry->meaning.empty())
        table_->buckets[bucket].push_back(entry);
    table_->bytes += entry->bytes();
    table_->make_room();
}

AnswerCache::Place AnswerCache::board(const Sha256& key) {
    std::lock_guard lock(table_->mutex);
    auto [place, leads] = table_->flights.try_emplace(key);
    if (leads)
        place->second = std::make_shared<Flight>();
    return {place->second, leads};
}

void AnswerCache::land(const Sha256& key, const std::shared_ptr<Flight>& flight, AnswerPtr answer) {
    {
        std::lock_guard lock(table_->mutex);
        table_->flights.erase(key);
    }
    flight->land(std::move(answer));
}

void AnswerCache::count(Lookup lookup) noexcept {
    table_->looked_up[static_cast<std::size_t>(lookup)].fetch_add(1, std::memory_order_relaxed);
}

AnswerCache::Stats AnswerCache::stats() const {
    Stats out;
    for (std::size_t i = 0; i < lookups; ++i)
        out.looked_up[i] = table_->looked_up[i].load(std::memory_order_relaxed);
    std::lock_guard lock(table_->mutex);
    out.entries = table_->entries.size();
    out.bytes = table_->bytes;
    out.evicted = table_->evicted;
    return out;
}

}  // namespace obliv::cache
