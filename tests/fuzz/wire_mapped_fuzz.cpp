// Replies of a described provider that puts everything elsewhere. The first byte: its lowest bit
// says whether the stream is one of events or of objects, all of it is the seed of the cuts.
#include "core/wire/mapped.hpp"
#include "core/wire/openai.hpp"
#include "tests/fuzz/wire_reply.hpp"

#include <algorithm>
#include <array>

namespace {

using namespace obliv;

wire::JsonPath path(std::string_view text) {
    auto parsed = wire::JsonPath::parse(text);
    check(parsed.has_value(), "the path is one");
    return *parsed;
}

wire::MappedDialect described(wire::Mapping::Stream stream) {
    wire::MappedDialect dialect;
    auto& mapping = dialect.mapping;
    mapping.stream = stream;
    mapping.done = "END";
    mapping.request_move = {{path("messages"), path("input.messages")}};
    mapping.request_remove = {path("stream_options")};
    mapping.request_set = {{path("parameters.format"), "\"chat\""}};
    mapping.reply_move = {{path("output.text"), path("choices.0.message.content")},
                          {path("output.why"), path("choices.0.finish_reason")},
                          {path("count.in"), path("usage.prompt_tokens")}};
    mapping.event_move = {{path("token"), path("choices.0.delta.content")},
                          {path("why"), path("choices.0.finish_reason")},
                          {path("count.out"), path("usage.completion_tokens")}};
    mapping.finish_words = {{"eos", "stop"}, {"going", ""}};
    mapping.error_code = path("status.code");
    mapping.error_message = path("status.text");
    mapping.success_codes = {"0"};
    mapping.error_words = {{"7", "rate_limit_exceeded"}};
    return dialect;
}

/// How many events there are, the body cut as the seed says; -1: it is refused.
long events_of(std::string_view body, const wire::MappedDialect& dialect, Random* cuts) {
    wire::ReadOptions options{.stream = true, .event_bytes_max = 1U << 20};
    options.dialect = &dialect;
    auto reader = wire::mapped.new_reader(options);
    std::vector<llm::ReplyEvent> events;
    while (!body.empty()) {
        auto length = cuts == nullptr ? body.size() : 1 + cuts->below(9);
        if (!reader->feed(body.substr(0, length), events))
            return -1;
        body.remove_prefix(std::min<std::size_t>(length, body.size()));
    }
    return reader->finish(events) ? static_cast<long>(events.size()) : -1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    static const std::array dialects{described(wire::Mapping::Stream::sse),
                                     described(wire::Mapping::Stream::objects)};
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto& dialect = dialects[data[0] % 2];
    Random cuts(data[0]);
    check(events_of(body, dialect, nullptr) == events_of(body, dialect, &cuts),
          "a reply reads the same however it is cut");
    if (auto request = wire::openai.read_request({body}))
        check(wire::mapped.write_request(*request, dialect).has_value(),
              "what was read can be written");
    return 0;
}
