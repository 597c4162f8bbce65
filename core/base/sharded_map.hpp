#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace obliv {

/// A map for snapshots that many threads read and one makes anew: a copy shares all that stays the
/// same, and a change copies one of its shards, so that one of a hundred thousand tokens is renewed
/// in microseconds. A copy that others read is not changed any more; unsynchronised otherwise.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class ShardedMap {
public:
    ShardedMap() = default;
    ShardedMap(const ShardedMap& other) : shards_(other.shards_), size_(other.size_) {}
    ShardedMap& operator=(const ShardedMap& other) {
        if (this != &other)
            *this = ShardedMap(other);
        return *this;
    }
    ShardedMap(ShardedMap&&) noexcept = default;
    ShardedMap& operator=(ShardedMap&&) noexcept = default;
    ~ShardedMap() = default;

    /// Null: there is none. Lives as long as a copy in which it was not replaced.
    const Value* find(const Key& key) const {
        const auto& shard = shards_[place_of(key)];
        if (!shard)
            return nullptr;
        auto found = shard->find(key);
        return found == shard->end() ? nullptr : &found->second;
    }

    void set(const Key& key, Value value) {
        auto& shard = own(place_of(key));
        size_ -= shard.size();
        shard.insert_or_assign(key, std::move(value));
        size_ += shard.size();
    }

    void erase(const Key& key) {
        if (find(key) != nullptr)
            size_ -= own(place_of(key)).erase(key);
    }

    std::size_t size() const noexcept { return size_; }

    /// Calls `look(key, value)` for each, in no order.
    template <typename Look>
    void each(Look look) const {
        for (const auto& shard : shards_)
            if (shard)
                for (const auto& [key, value] : *shard)
                    look(key, value);
    }

private:
    using Shard = std::unordered_map<Key, Value, Hash>;
    static constexpr std::size_t shards_max = 512;

    static std::size_t place_of(const Key& key) { return Hash{}(key) % shards_max; }

    Shard& own(std::size_t place) {
        auto& shard = shards_[place];
        if (!shard)
            shard = std::make_shared<Shard>();
        else if (!owned_[place])
            shard = std::make_shared<Shard>(*shard);
        owned_.set(place);
        return *shard;
    }

    std::array<std::shared_ptr<Shard>, shards_max> shards_{};
    std::bitset<shards_max> owned_;  // made by this copy: nobody else reads them
    std::size_t size_ = 0;
};

}  // namespace obliv
