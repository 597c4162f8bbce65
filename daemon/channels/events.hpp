#pragma once

#include "core/base/ids.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace obliv::channels {

/// What can happen to a channel by itself. The names are public.
enum class EventKind : std::uint8_t {
    opened,     ///< a circuit breaker: of one model, or of the whole channel
    recovered,  ///< that breaker let a probe through, which went well
    disabled,   ///< the health checks found it dead
    restored,   ///< a check or a test went well again
    key_rests,  ///< a key failed, or was refused
    key_wakes,  ///< a test of it went well
    all_rest,   ///< the channel has no usable key left
};

constexpr std::string_view name_of(EventKind kind) noexcept {
    constexpr std::array<std::string_view, 7> names{
        "opened", "recovered", "disabled", "restored", "key_rests", "key_wakes", "all_rest"};
    return names[static_cast<std::size_t>(kind)];
}

struct Event {
    ChannelId channel;
    std::string name;  ///< of the channel
    EventKind kind{};
    std::string model;   ///< upstream name; empty: the whole channel
    std::string detail;  ///< in words; fit to be shown
};

/// Who wants to hear of it: the history, the log, and whoever notifies people. Called on any
/// thread, loops among them: must not block.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void happened(const Event& event) = 0;
};

}  // namespace obliv::channels
