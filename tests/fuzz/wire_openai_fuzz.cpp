// A provider's reply in the OpenAI form, cut as the first byte says, and a client's request.

#include "core/wire/openai.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace obliv;

namespace {

void read_reply(std::string_view body, std::size_t step) {
    auto reader = wire::openai.new_reader({.stream = true, .event_bytes_max = 1U << 16});
    auto stream = wire::openai.new_writer({.stream = true, .model = "m", .request_id = "r"});
    auto plain = wire::openai.new_writer({.model = "m", .request_id = "r"});
    std::vector<llm::ReplyEvent> events;
    bool good = true;
    for (std::size_t at = 0; good && at < body.size(); at += step)
        good = reader->feed(body.substr(at, step), events).has_value();
    if (good)
        good = reader->finish(events).has_value();
    std::string out;
    for (const auto& event : events) {
        stream->write(event, out);
        plain->write(event, out);
    }
    stream->finish(out);
    plain->finish(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    read_reply(text, std::max<std::size_t>(1, data[0]));
    if (auto request = wire::openai.read_request({text})) {
        auto written = wire::openai.write_request(*request, {});
        // What we write ourselves we understand.
        if (!written || !wire::openai.read_request({written->body}))
            __builtin_trap();
    }
    return 0;
}
