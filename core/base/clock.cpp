#include "core/base/clock.hpp"

namespace obliv {
namespace {

class RealClock final : public Clock {
public:
    WallTime wall() const noexcept override { return std::chrono::system_clock::now(); }
    SteadyTime steady() const noexcept override { return std::chrono::steady_clock::now(); }
};

}  // namespace

const Clock& real_clock() noexcept {
    static const RealClock clock;
    return clock;
}

}  // namespace obliv
