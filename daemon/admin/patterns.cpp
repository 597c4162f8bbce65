#include "daemon/admin/patterns.hpp"

#include "core/llm/pattern.hpp"

namespace obliv::admin {

Result<void> check_patterns(const std::vector<std::string>& patterns) {
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        auto parsed = llm::ModelPattern::parse(patterns[i]);
        if (parsed)
            continue;
        auto where = "models[" + std::to_string(i) + "]";
        auto error = std::move(parsed.error()).in(where);
        error.param = where;
        return error;
    }
    return ok();
}

}  // namespace obliv::admin
