#include "core/wire/gemini.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace {

using namespace obliv;

constexpr std::size_t event_bytes_max = 1U << 16;

void require(bool holds) {
    if (!holds)
        std::abort();
}

/// How many events a reader finds, cut into pieces; nothing where it refuses the reply.
std::optional<std::size_t> read(std::string_view bytes, std::size_t step) {
    wire::ReadOptions options;
    options.event_bytes_max = event_bytes_max;
    options.body_bytes_max = event_bytes_max;
    auto reader = wire::gemini.new_reader(options);
    auto writer = wire::gemini.new_writer({});
    std::vector<llm::ReplyEvent> events;
    for (std::size_t at = 0; at < bytes.size(); at += step)
        if (!reader->feed(bytes.substr(at, step), events))
            return std::nullopt;
    if (!reader->finish(events))
        return std::nullopt;
    std::string out;
    for (const auto& event : events)
        writer->write(event, out);
    writer->finish(out);
    require(!out.empty());
    return events.size();
}

}  // namespace

/// Whatever a client or a provider sends: no crash, and the cuts of a reply make no difference. A
/// request that is read can be written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    require(read(bytes, size == 0 ? 1 : size) == read(bytes, 3));
    auto request = wire::gemini.read_request({bytes, "gemini-3-pro"});
    if (!request)
        return 0;
    require(wire::gemini.write_request(*request, {}).has_value());
    request->wire = "openai";  // the way of the foreigners through the writer
    static_cast<void>(wire::gemini.write_request(*request, {}));
    return 0;
}
