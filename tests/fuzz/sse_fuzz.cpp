#include "core/llm/sse.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using obliv::llm::SseDecoder;
using obliv::llm::SseEvent;

constexpr std::size_t event_bytes_max = 4096;

/// What a decoder makes of the bytes, as one text; fed in pieces of `step`.
std::string decoded(std::string_view bytes, std::size_t step) {
    std::string out;
    auto sink = [&out](const SseEvent& event) {
        out.append(event.event).push_back('\x01');
        out.append(event.data).push_back('\x02');
        out.append(event.id).push_back('\x03');
    };
    SseDecoder decoder(event_bytes_max);
    for (std::size_t at = 0; at < bytes.size(); at += step)
        if (!decoder.feed(bytes.substr(at, step), sink))
            return "too large";
    decoder.finish(sink);
    return out;
}

void require(bool holds) {
    if (!holds)
        std::abort();
}

}  // namespace

/// However a stream is cut, the events are the same; and an end of events that is found leaves a
/// rest in which the next one is found.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto whole = decoded(bytes, size == 0 ? 1 : size);
    for (std::size_t step : {std::size_t{1}, std::size_t{3}}) {
        auto cut = decoded(bytes, step);
        // A limit may be noticed earlier or later depending on the cuts, never only without them.
        require(cut == whole || cut == "too large" || whole == "too large");
    }
    auto end = obliv::llm::whole_events(bytes);
    require(end <= size);
    auto first = obliv::llm::first_event(bytes);
    // A blank line at the very beginning ends no event, so it may be first without being an end.
    require(end == 0 || (first > 0 && first <= end));
    if (end > 0)
        require(obliv::llm::whole_events(bytes.substr(0, end)) == end);
    require(obliv::llm::whole_events(bytes.substr(end)) == 0);
    return 0;
}
