#include "core/client/retry.hpp"

#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::client {
namespace {

std::optional<std::chrono::milliseconds> whole_number(std::string_view text, std::int64_t unit_ms) {
    auto count = parse_int(trim(text));
    // A year is longer than anybody waits, and keeps the product inside 64 bits.
    if (!count || *count < 0 || *count > 365LL * 86'400'000 / unit_ms)
        return std::nullopt;
    return std::chrono::milliseconds(*count * unit_ms);
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_after(const Response& response) {
    if (auto exact = whole_number(response.header("retry-after-ms"), 1))
        return exact;
    return whole_number(response.header("retry-after"), 1000);
}

bool worth_repeating(const Request& request, const Response& response) {
    switch (response.status) {
    case 429:
        // An empty account does not fill up while we wait.
        return error_from(response).code != Code::quota_exhausted;
    case 503:
        return true;
    case 502:
    case 504:
        return request.repeatable;
    default:
        return false;
    }
}

std::chrono::milliseconds pause_before(int next, std::uint64_t random) {
    std::int64_t base = std::min<std::int64_t>(250LL << std::clamp(next - 2, 0, 10), 8'000);
    auto spread = static_cast<std::int64_t>(random % static_cast<std::uint64_t>(base / 2 + 1));
    return std::chrono::milliseconds(base - spread);
}

}  // namespace obliv::client
