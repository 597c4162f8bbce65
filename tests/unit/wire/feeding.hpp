#pragma once

#include "core/base/random.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/wire.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::test {

using Events = std::vector<llm::ReplyEvent>;

/// How a reply is cut: gives the length of the next piece, at least 1.
using Cut = std::function<std::size_t()>;

inline Cut whole() {
    return [] { return std::string::npos; };
}
inline Cut byte_by_byte() {
    return [] { return std::size_t{1}; };
}
/// Pieces of 1 to `longest` bytes, by chance.
inline Cut at_random(std::uint64_t seed, std::uint64_t longest = 64) {
    return [random = Random(seed), longest]() mutable {
        return static_cast<std::size_t>(1 + random.below(longest));
    };
}

/// Feeds a reply to a new reader of `wire`.
inline Result<Events> read_reply(const wire::Wire& wire, std::string_view body,
                                 const wire::ReadOptions& options, const Cut& cut = whole()) {
    auto reader = wire.new_reader(options);
    Events events;
    while (!body.empty()) {
        auto length = std::min(body.size(), cut());
        if (auto fed = reader->feed(body.substr(0, length), events); !fed)
            return fed.error();
        body.remove_prefix(length);
    }
    if (auto ended = reader->finish(events); !ended)
        return ended.error();
    return events;
}

inline wire::WholeReply put_together(const Events& events) {
    wire::WholeReply reply;
    for (const auto& event : events)
        wire::add_event(reply, event);
    return reply;
}

/// What a new writer of `wire` makes of the events.
inline std::string written_reply(const wire::Wire& wire, const Events& events,
                                 const wire::WriteOptions& options) {
    auto writer = wire.new_writer(options);
    std::string out;
    for (const auto& event : events)
        writer->write(event, out);
    writer->finish(out);
    return out;
}

}  // namespace obliv::test
