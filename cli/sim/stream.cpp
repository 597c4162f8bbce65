#include "cli/sim/stream.hpp"

#include "cli/sim/reply.hpp"
#include "core/base/clock.hpp"
#include "core/http/chunked.hpp"

#include <array>
#include <charconv>

namespace obliv::sim {
namespace {

void append_chunk(std::string& out, std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (auto part : parts)
        size += part.size();
    std::array<char, 20> line;
    out += http::chunk_size_line(size, line);
    for (auto part : parts)
        out += part;
    out += http::chunk_end;
}

std::string_view stamp_of(std::array<char, 24>& storage) noexcept {
    auto now = real_clock().steady().time_since_epoch().count();
    auto* end = std::to_chars(storage.data(), storage.data() + storage.size(), now).ptr;
    return {storage.data(), static_cast<std::size_t>(end - storage.data())};
}

}  // namespace

void append_stream_head(std::string& out, bool keep_alive, std::string_view content_type) {
    out.append("HTTP/1.1 200 OK\r\ncontent-type: ").append(content_type);
    out.append("\r\ncache-control: no-cache\r\n");
    out.append(simulated_header).append("transfer-encoding: chunked\r\n");
    out.append(keep_alive ? "\r\n" : "connection: close\r\n\r\n");
}

StreamWriter::StreamWriter(Plan plan)
    : Stream(std::move(plan)), words_(plan_), fault_at_(plan_.tokens / 2) {
    prefix_ = R"(data: {"id":")" + reply_id(plan_.number) +
              R"(","object":"chat.completion.chunk","created":)" +
              std::to_string(created_at(plan_.number)) + R"(,"model":)" +
              llm::json_quoted(plan_.model) + R"(,"system_fingerprint":"sim","choices":[)";
    // A stream that will tell its usage says in every other event that it has none yet.
    suffix_ = plan_.usage_at_end ? "],\"usage\":null}\n\n" : "]}\n\n";
}

StreamWriter::Next StreamWriter::next(std::string& out) {
    if (token_ == 0)
        append_opening(out);
    if (token_ == fault_at_) {
        if (plan_.fault.kind == Fault::Kind::cut)
            return Next::cut;
        if (plan_.fault.kind == Fault::Kind::malformed)
            append_chunk(out, {prefix_, R"({"index":0,"delta":{"content":)", "\n\n"});
    }
    if (token_ < plan_.tokens) {
        append_token(out);
        ++token_;
    }
    if (token_ < plan_.tokens)
        return Next::more;
    append_end(out);
    return Next::done;
}

void StreamWriter::append_event(std::string& out, std::int64_t choice, std::string_view delta,
                                std::string_view text, std::string_view delta_end,
                                std::string_view finish) {
    append_chunk(out,
                 {prefix_, R"({"index":)", std::to_string(choice), R"(,"delta":{)", delta, text,
                  delta_end, R"(},"logprobs":null,"finish_reason":)", finish, "}", suffix_});
}

void StreamWriter::append_opening(std::string& out) {
    std::string delta = R"("role":"assistant","content":"","refusal":null)";
    if (plan_.tool)
        delta = R"("role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_sim",)"
                R"("type":"function","function":{"name":)" +
                llm::json_quoted(*plan_.tool) + R"(,"arguments":""}}])";
    for (std::int64_t choice = 0; choice < plan_.choices; ++choice)
        append_event(out, choice, delta, {}, {}, "null");
}

void StreamWriter::append_token(std::string& out) {
    std::array<char, 24> stamp;
    auto word = plan_.stamps ? stamp_of(stamp) : words_[token_];
    for (std::int64_t choice = 0; choice < plan_.choices; ++choice) {
        if (plan_.tool)
            append_event(out, choice, R"("tool_calls":[{"index":0,"function":{"arguments":")", word,
                         R"("}}])", "null");
        else
            append_event(out, choice, R"("content":")", word, "\"", "null");
    }
}

void StreamWriter::append_end(std::string& out) {
    auto finish = '"' + std::string(finish_reason(plan_)) + '"';
    for (std::int64_t choice = 0; choice < plan_.choices; ++choice)
        append_event(out, choice, {}, {}, {}, finish);
    if (plan_.usage_at_end)
        append_chunk(out, {prefix_, R"(],"usage":)", usage_object(plan_), "}\n\n"});
    append_chunk(out, {"data: [DONE]\n\n"});
    out += http::last_chunk;
}

}  // namespace obliv::sim
