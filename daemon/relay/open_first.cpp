#include "core/base/text.hpp"
#include "core/loop/event.hpp"
#include "core/loop/loop.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/relay/race.hpp"
#include "daemon/relay/relay.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

constexpr std::int64_t caller_timeout_max_s = 86'400;

}  // namespace

/// When the caller has no more use for a reply: by the setting, or by what its SDK says it waits.
SteadyTime Relay::deadline_of(const Chat& chat) const {
    auto until = SteadyTime::max();
    auto arrived = chat.exchange.arrived();
    if (settings_.timeouts.total.count() > 0)
        until = arrived + settings_.timeouts.total;
    auto told = chat.exchange.request().headers.find("x-stainless-timeout");
    if (auto seconds = told ? parse_int(*told) : std::nullopt;
        seconds && *seconds > 0 && *seconds <= caller_timeout_max_s)
        until = std::min(until, arrived + std::chrono::seconds(*seconds));
    return until;
}

/// Tries one channel after the other while nothing of a reply has reached the client.
loop::Task<Result<void>> Relay::open_first(Chat& chat) {
    auto& candidates = chat.candidates;
    // Where there was no choice the usage row tells it all.
    if (candidates.plan().options.size() > 1)
        chat.log.tell_all();
    RetryLimits limits{settings_.attempts, settings_.retry_pause_first, settings_.retry_pause_last};
    Retries retries(candidates, random_, limits);
    Result<void> last = ok();
    int made = 0;
    while (true) {
        auto attempt = retries.next(time_of_attempt(chat.record.call.attempts));
        if (!attempt)
            break;
        if (attempt->wait.count() > 0)
            co_await pause(chat, attempt->wait);
        if (chat.gone())
            break;
        ++chat.record.call.attempts;
        ++made;
        last = co_await try_channel(chat, *attempt);
        if (last || chat.gone())
            co_return last;
        if (chat.inbound.contender != nullptr && chat.inbound.contender->is_relieved())
            co_return last;
        auto key = static_cast<std::size_t>(chat.record.call.key_index);
        if (made == 1)
            retries.set_deadline(deadline_of(chat));
        retries.failed(chat.fault, last.error().retry_after, key, parts_.loop.now());
    }
    if (made == 0)
        last = candidates.refusal(parts_.loop.now());
    co_return last;
}

/// The first bytes of the body that are worth showing. A reply that begins with an error, or ends
/// before it has said anything, is a failure that somebody else can still make good: so what says
/// nothing yet is held back.
loop::Task<Result<void>> Relay::read_first(Chat& chat) {
    auto read = try_read(chat);
    if (read && *read)
        read = judge_first(chat);
    return read ? loop::ended(std::move(*read)) : wait_for_first(chat);
}

loop::Task<Result<void>> Relay::wait_for_first(Chat& chat) {
    while (true) {
        auto read = co_await read_more(chat);
        if (!read)
            co_return read.error();
        if (auto judged = judge_first(chat))
            co_return std::move(*judged);
    }
}

/// Whether the reply may go to the client, by what has come of it; nothing: more has to come.
std::optional<Result<void>> Relay::judge_first(Chat& chat) {
    const auto& facts = chat.facts();
    if (facts.error && !facts.produced())
        return fail(Code::upstream_failed, "the provider began its reply with an error");
    if (chat.worth_showing()) {
        if (chat.is_blocked())
            chat.refused_for_model();
        return ok();
    }
    if (chat.chunk().last || facts.done)
        return fail(Code::upstream_failed, "the provider's reply is empty");
    chat.hold_back();
    return std::nullopt;
}

/// Waits, or until the caller has left.
loop::Task<void> Relay::pause(Chat& chat, std::chrono::milliseconds length) {
    if (chat.gone())
        co_return;
    loop::Event left(parts_.loop);
    chat.pausing = &left;
    auto until = parts_.loop.now() + length;
    co_await left.until(until);
    chat.pausing = nullptr;
}

}  // namespace obliv::relay
