#pragma once

#include "core/storage/tokens.hpp"
#include "daemon/cache/answer_cache.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::cache {

using storage::CacheUse;

/// Whose answers a caller may be given.
enum class Scope : std::uint8_t { token, account, everyone };

/// What the configuration says of answers that are given again.
struct Rules {
    /// Models, or how their names begin (`gpt-4*`); the first that fits counts.
    std::vector<std::pair<std::string, CacheUse>> models;
    AnswerCache::Limits limits;
    std::size_t answer_bytes_max = 0;
    Scope scope = Scope::account;
    std::int64_t share_millionths = 0;  ///< of its price, that an answer costs again
    bool single_flight = false;
    std::string embedding_model;  ///< empty: nothing is compared by its meaning
    double similarity = 0.95;

    /// What is done with a call of this token for this model.
    CacheUse use_of(const storage::Token& token, std::string_view model) const;
};

}  // namespace obliv::cache
