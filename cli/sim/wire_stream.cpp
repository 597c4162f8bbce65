#include "cli/sim/wire_stream.hpp"

#include "cli/sim/reply.hpp"
#include "cli/sim/words.hpp"
#include "core/base/clock.hpp"
#include "core/http/chunked.hpp"
#include "core/http/websocket.hpp"

#include <array>

namespace obliv::sim {
namespace {

using namespace llm;
using Events = std::vector<ReplyEvent>;

wire::WriteOptions options_of(const Plan& plan, bool stream) {
    wire::WriteOptions out;
    out.stream = stream;
    out.usage = plan.usage_at_end;
    out.json_array = plan.json_array;
    out.model = plan.model;
    out.request_id = reply_id(plan.number);
    out.now = created_at(plan.number);
    return out;
}

Usage usage_of(const Plan& plan, bool at_end) {
    Usage usage;
    usage.input = plan.prompt_tokens;
    if (at_end) {
        usage.output = plan.tokens;
        usage.reasoning = plan.think;
    }
    return usage;
}

/// The block of the words, behind that of a thought.
std::int32_t block_of(const Plan& plan) noexcept {
    return plan.think > 0 ? 1 : 0;
}

Events opening(const Plan& plan) {
    Events out;
    out.push_back({Begun{reply_id(plan.number), plan.model, created_at(plan.number), {}}});
    if (plan.usage_in_reply)
        out.push_back({UsageReport{usage_of(plan, false)}});
    for (std::int64_t i = 0; i < plan.think; ++i)
        out.push_back({ThinkingPiece{std::string(lorem(static_cast<std::size_t>(i)))}});
    if (plan.think > 0) {
        out.push_back({ProofPiece{{std::string(plan.format->name), "c2lt"}, false, {}}});
        out.push_back({BlockEnded{}});
    }
    if (plan.tool)
        out.push_back({ToolCallBegun{"call_sim", *plan.tool}, 0, block_of(plan)});
    return out;
}

ReplyEvent token(const Plan& plan, const Words& words, std::int64_t index) {
    auto text = plan.stamps ? std::to_string(real_clock().steady().time_since_epoch().count())
                            : std::string(words.plain(index));
    if (plan.tool)
        return {ArgumentsPiece{std::move(text)}, 0, block_of(plan)};
    return {TextPiece{std::move(text)}, 0, block_of(plan)};
}

Events ending(const Plan& plan) {
    Finished finished;
    finished.reason = plan.tool        ? Finish::tool_calls
                      : plan.cut_short ? Finish::length
                                       : Finish::stop;
    Events out{{BlockEnded{}, 0, block_of(plan)}, {std::move(finished)}};
    if (plan.usage_in_reply)
        out.push_back({UsageReport{usage_of(plan, true)}});
    return out;
}

void append_chunk(std::string& out, std::string_view payload) {
    if (payload.empty())
        return;
    std::array<char, 20> line;
    out.append(http::chunk_size_line(payload.size(), line)).append(payload).append(http::chunk_end);
}

}  // namespace

WireStream::WireStream(Plan plan)
    : Stream(std::move(plan)), words_(plan_),
      writer_(plan_.format->new_writer(options_of(plan_, true))) {}

void WireStream::write(const Events& events, std::string& out) {
    payload_.clear();
    for (const auto& event : events)
        writer_->write(event, payload_);
    append(payload_, out);
}

/// What a writer of frames has made needs no others.
void WireStream::append(std::string_view payload, std::string& out) const {
    if (plan_.format->websocket)
        out += payload;
    else
        append_chunk(out, payload);
}

void WireStream::append_malformed(std::string& out) const {
    if (plan_.format->websocket)
        http::append_frame(out, http::Opcode::text, "{\"header\":}");
    else
        append_chunk(out, "data: {\"type\":\n\n");
}

Stream::Next WireStream::next(std::string& out) {
    if (token_ == 0)
        write(opening(plan_), out);
    if (token_ == plan_.tokens / 2) {
        if (plan_.fault.kind == Fault::Kind::cut)
            return Next::cut;
        if (plan_.fault.kind == Fault::Kind::malformed)
            append_malformed(out);
    }
    if (token_ < plan_.tokens)
        write({token(plan_, words_, token_++)}, out);
    if (token_ < plan_.tokens)
        return Next::more;
    write(ending(plan_), out);
    payload_.clear();
    writer_->finish(payload_);
    append(payload_, out);
    if (!plan_.format->websocket)
        out += http::last_chunk;
    return Next::done;
}

std::unique_ptr<Stream> new_stream(Plan plan) {
    if (plan.format == nullptr)
        return std::make_unique<StreamWriter>(std::move(plan));
    return std::make_unique<WireStream>(std::move(plan));
}

std::string wire_body(const Plan& plan) {
    Words words(plan);
    auto writer = plan.format->new_writer(options_of(plan, false));
    std::string body;
    for (const auto& event : opening(plan))
        writer->write(event, body);
    for (std::int64_t i = 0; i < plan.tokens; ++i)
        writer->write(token(plan, words, i), body);
    for (const auto& event : ending(plan))
        writer->write(event, body);
    writer->finish(body);
    if (plan.fault.kind == Fault::Kind::malformed)
        body.resize(body.size() / 2);
    return body;
}

}  // namespace obliv::sim
