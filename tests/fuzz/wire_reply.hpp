#pragma once

#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/wire/collect.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace obliv::test {

/// Whatever a provider sends: cut into pieces it must give what it gives in one; and what our own
/// writer makes of it, our reader must be able to read.
inline void fuzz_reply(const wire::Wire& wire, std::string_view body, std::uint64_t seed) {
    using Events = std::vector<llm::ReplyEvent>;
    auto read = [&](std::string_view bytes, Random* cuts, Events& events) {
        wire::ReadOptions options;
        options.event_bytes_max = 1U << 20;
        auto reader = wire.new_reader(options);
        while (!bytes.empty()) {
            auto length = cuts == nullptr ? bytes.size() : 1 + cuts->below(9);
            if (!reader->feed(bytes.substr(0, length), events))
                return false;
            bytes.remove_prefix(std::min<std::size_t>(length, bytes.size()));
        }
        return static_cast<bool>(reader->finish(events));
    };
    Events whole;
    Events pieces;
    Random cuts(seed);
    bool same = read(body, nullptr, whole) == read(body, &cuts, pieces);
    check(same && whole.size() == pieces.size(), "a reply reads the same however it is cut");
    if (wire.new_writer == nullptr)
        return;
    for (bool stream : {false, true}) {
        wire::WriteOptions options;
        options.stream = stream;
        options.request_id = "r";
        auto writer = wire.new_writer(options);
        std::string out;
        for (const auto& event : whole)
            writer->write(event, out);
        writer->finish(out);
        Events again;
        check(read(out, nullptr, again), "what we write, we can read");
    }
}

/// Whatever a client sends is refused or read; what was read can be written, and that can be read.
inline void fuzz_request(const wire::Wire& wire, std::string_view body) {
    auto request = wire.read_request({body});
    if (!request)
        return;
    auto written = wire.write_request(*request, wire::Dialect{});
    check(written.has_value(), "what was read can be written");
    check(wire.read_request({written->body}).has_value(), "and what was written can be read");
}

}  // namespace obliv::test
