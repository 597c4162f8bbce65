// What a reply says before it says anything is held back: should it fail, somebody else can still
// give a better one.

#include "daemon/relay/chat.hpp"

#include <span>

namespace obliv::relay {
namespace {

// What says nothing is short. Content that we do not know is not kept from the caller for long.
constexpr std::size_t held_bytes_max = 4096;

}  // namespace

bool Relay::Chat::worth_showing() const noexcept {
    if (!event_stream)
        return !chunk().payload.empty() || !chunk().last;
    return facts().produced() || !facts().finish_reason.empty() ||
           held.size() + chunk().raw.size() >= held_bytes_max;
}

bool Relay::Chat::is_blocked() const noexcept {
    bool chat = inbound.operation == providers::Operation::chat;
    if (begun || !chat || !opening->has_fallbacks || facts().produced())
        return false;
    return facts().finish_reason == "content_filter" || facts().finish_reason == "refusal";
}

void Relay::Chat::hold_back() {
    accepted = true;
    // What was held before may stand in front already.
    bool put = !pieces.empty() && !held.empty() && pieces.front().data() == held.data();
    for (auto piece : std::span(pieces).subspan(put ? 1 : 0))
        held.append(piece);
    pieces.clear();
}

void Relay::Chat::put_held_first() {
    if (held.empty())
        return;
    pieces.insert(pieces.begin(), held);
    as_it_came = false;
}

void Relay::Chat::note_content(SteadyTime now) {
    bool content = event_stream || translator ? facts().produced() : !chunk().payload.empty();
    if (record.call.ttft_us < 0 && content) {
        attempt.first_content(now);
        record.call.ttft_us =
            std::chrono::duration_cast<std::chrono::microseconds>(now - exchange.arrived()).count();
    }
}

}  // namespace obliv::relay
