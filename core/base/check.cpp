#include "core/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace obliv {

void check_failed(std::string_view claim, const Place& where) noexcept {
    std::fprintf(stderr, "%s:%u: %s: broken claim: %.*s\n", where.file, where.line, where.function,
                 static_cast<int>(claim.size()), claim.data());
    std::abort();
}

}  // namespace obliv
