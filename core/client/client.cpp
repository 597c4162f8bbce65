#include "core/client/client.hpp"

#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/client/retry.hpp"
#include "core/client/transfer.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

namespace obliv::client {
namespace {

std::uint64_t random_number() {
    std::array<std::uint8_t, 8> bytes{};
    random_bytes(bytes);
    std::uint64_t value = 0;
    for (auto byte : bytes)
        value = value << 8 | byte;
    return value;
}

/// Why a try is repeated, or nothing when its outcome stands.
std::optional<std::string> reason_to_repeat(const Request& request, const Attempt& attempt) {
    if (attempt.handed_out)
        return std::nullopt;
    if (!attempt.outcome) {
        const auto& error = attempt.outcome.error();
        // Once the request may have arrived, only a repeatable one is sent again.
        bool safe = !attempt.connected || request.repeatable;
        if (safe && error.code == Code::unavailable)
            return error.message;
        return std::nullopt;
    }
    if (worth_repeating(request, *attempt.outcome))
        return "the server answered " + std::to_string(attempt.outcome->status);
    return std::nullopt;
}

std::chrono::milliseconds asked_pause(const Attempt& attempt, int next) {
    auto pause = pause_before(next, random_number());
    if (attempt.outcome)
        if (auto asked = retry_after(*attempt.outcome))
            return std::max(*asked, pause);
    return pause;
}

// Without a --timeout nobody has said how long they would wait; a minute is what a person does.
constexpr std::chrono::minutes pause_limit{1};

}  // namespace

std::string_view Response::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers)
        if (equal_ignoring_case(key, name))
            return value;
    return {};
}

Client::Client(Options options) : options_(std::move(options)) {}

Result<Response> Client::send(const Request& request) {
    Sink none;
    return stream(request, none);
}

Result<Response> Client::stream(const Request& request, const Sink& sink) {
    for (int number = 1;; ++number) {
        last_status_ = 0;
        last_request_id_.clear();
        auto attempt = transfer(options_, request, sink ? &sink : nullptr);
        if (attempt.outcome) {
            last_status_ = attempt.outcome->status;
            last_request_id_ = attempt.outcome->header("x-request-id");
        }
        auto reason = reason_to_repeat(request, attempt);
        if (!reason || number >= options_.tries_max)
            return std::move(attempt.outcome);
        auto pause = asked_pause(attempt, number + 1);
        auto end = real_clock().steady() + pause;
        if (pause > pause_limit || options_.deadline.passed(end))
            return std::move(attempt.outcome);
        if (auto waited = wait(pause, *reason, number + 1); !waited)
            return waited.error();
    }
}

Result<void> Client::wait(std::chrono::milliseconds pause, std::string_view why, int next_try) {
    if (options_.note)
        options_.note(std::string(why) + "; try " + std::to_string(next_try) + " of " +
                      std::to_string(options_.tries_max) + " in " + duration_text(pause));
    pollfd wake{options_.interrupt.descriptor, POLLIN, 0};
    auto end = real_clock().steady() + pause;
    while (!(options_.interrupt.requested && options_.interrupt.requested->load())) {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(end - real_clock().steady());
        if (left.count() <= 0)
            return ok();
        (void)::poll(&wake, wake.fd >= 0 ? 1 : 0, static_cast<int>(left.count()));
    }
    return fail(Code::cancelled, "interrupted");
}

}  // namespace obliv::client
