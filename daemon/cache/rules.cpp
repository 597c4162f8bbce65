#include "daemon/cache/rules.hpp"

namespace obliv::cache {

CacheUse Rules::use_of(const storage::Token& token, std::string_view model) const {
    if (limits.entries == 0)
        return CacheUse::off;
    if (token.cache != CacheUse::by_model)
        return token.cache;
    for (const auto& [pattern, use] : models) {
        bool prefix = pattern.ends_with('*');
        auto begins = std::string_view(pattern).substr(0, pattern.size() - (prefix ? 1 : 0));
        if (prefix ? model.starts_with(begins) : model == begins)
            return use;
    }
    return CacheUse::off;
}

}  // namespace obliv::cache
