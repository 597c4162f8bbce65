#include "core/base/take_share.hpp"

#include <chrono>

namespace obliv {

Result<void> take_share(Share& share, Bound& memory, std::int64_t wanted) {
    auto more = wanted - share.bytes();
    if (more <= 0 || share.take(memory, more))
        return ok();
    auto error =
        fail(Code::overloaded, "large calls have all the memory there is for them; try again");
    error.retry_after = std::chrono::seconds(1);
    return error;
}

}  // namespace obliv
