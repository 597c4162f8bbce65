#include "core/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace obliv {

void check_failed(std::string_view claim, const std::source_location& where) noexcept {
    std::fprintf(stderr, "%s:%u: %s: broken claim: %.*s\n", where.file_name(), where.line(),
                 where.function_name(), static_cast<int>(claim.size()), claim.data());
    std::abort();
}

}  // namespace obliv
