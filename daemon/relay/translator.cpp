#include "daemon/relay/translator.hpp"

#include "core/config/limits.hpp"
#include "core/llm/estimate.hpp"
#include "core/llm/sse.hpp"
#include "core/wire/one_call.hpp"
#include "daemon/relay/continuation.hpp"
#include "daemon/relay/proofs.hpp"

#include <algorithm>
#include <utility>

namespace obliv::relay {
namespace {

constexpr auto event_bytes_max = static_cast<std::size_t>(limits::sse_event_bytes);
constexpr auto reply_bytes_max = static_cast<std::size_t>(limits::reply_bytes);
constexpr std::size_t finish_reason_bytes_max = 32;
// A document of this size takes some ten milliseconds to parse and as many to write.
constexpr std::size_t finish_inline_bytes_max = 1U << 20;

std::string_view word_of(llm::Finish reason) {
    using llm::Finish;
    switch (reason) {
    case Finish::stop:
        return "stop";
    case Finish::length:
        return "length";
    case Finish::tool_calls:
        return "tool_calls";
    case Finish::filtered:
        return "content_filter";
    case Finish::refused:
        return "refusal";
    case Finish::paused:
        return "paused";
    case Finish::fault:
        return "fault";
    case Finish::other:
        break;
    }
    return "other";
}

wire::ReadOptions read_options(const Translator::Parts& parts) {
    wire::ReadOptions options;
    options.stream = parts.stream;
    options.event_bytes_max = event_bytes_max;
    options.body_bytes_max = reply_bytes_max;
    options.dialect = &parts.dialect;
    return options;
}

wire::WriteOptions write_options(const Translator::Parts& parts) {
    wire::WriteOptions options;
    options.stream = parts.call.stream;
    // Only OpenAI's older formats leave the figures of a stream out unless they are asked for.
    bool asks = parts.inbound.errors() == llm::ErrorShape::openai;
    options.usage = !parts.call.stream || !asks || parts.call.usage_asked;
    options.model = parts.call.model;
    options.request_id = std::string(parts.request_id);
    options.now = parts.now;
    options.json_array = parts.inbound.json_array;
    options.request = parts.request;
    return options;
}

std::unique_ptr<wire::ReplyWriter> writer_of(const Translator::Parts& parts) {
    auto writer = parts.inbound.wire->new_writer(write_options(parts));
    bool one = parts.request != nullptr && parts.request->parallel_tool_calls == false;
    return one ? wire::with_one_call(std::move(writer)) : std::move(writer);
}

}  // namespace

Translator::Translator(const Parts& parts)
    : passes_(parts.request == nullptr), listener_(parts.listener),
      stream_(passes_ ? parts.stream : parts.call.stream),
      reader_(parts.provider.new_reader(read_options(parts))), writer_(writer_of(parts)) {}

Translator::Translator(std::unique_ptr<wire::ReplyReader> reader,
                       std::unique_ptr<wire::ReplyWriter> writer)
    : passes_(false), stream_(false), reader_(std::move(reader)), writer_(std::move(writer)) {}

Translator::~Translator() = default;

void Translator::watch_with(std::unique_ptr<ProofWatch> watch, SteadyTime now) {
    watch_ = std::move(watch);
    began_ = now;
}

void Translator::resume(const Parts& parts, const llm::Usage& spent) {
    reader_ = parts.provider.new_reader(read_options(parts));
    events_.clear();
    failed_ = false;
    failure_.reset();
    facts_.error = facts_.over = false;
    facts_.usage = spent;
    if (listener_ != nullptr)
        listener_->told();
    facts_.text_bytes_after_usage = facts_.reasoning_bytes_after_usage = 0;
    continuation_->go_on(spent);
}

void Translator::note_bytes(llm::Voice voice, std::size_t bytes) {
    bool thought = voice == llm::Voice::thought;
    auto count = static_cast<std::int64_t>(bytes);
    (thought ? facts_.reasoning_bytes : facts_.text_bytes) += count;
    if (facts_.usage)
        (thought ? facts_.reasoning_bytes_after_usage : facts_.text_bytes_after_usage) += count;
}

void Translator::note_text(llm::Voice voice, std::string_view text) {
    note_bytes(voice, text.size());
    if (listener_ != nullptr)
        listener_->heard(voice, text, false);
}

void Translator::note(const llm::ReplyEvent& event) {
    using namespace llm;
    if (const auto* piece = std::get_if<TextPiece>(&event.what)) {
        note_text(Voice::text, piece->text);
    } else if (const auto* thought = std::get_if<ThinkingPiece>(&event.what)) {
        note_text(Voice::thought, thought->text);
    } else if (const auto* arguments = std::get_if<ArgumentsPiece>(&event.what)) {
        note_text(Voice::arguments, arguments->text);
    } else if (const auto* refusal = std::get_if<RefusalPiece>(&event.what)) {
        note_text(Voice::text, refusal->text);
    } else if (const auto* call = std::get_if<ToolCallBegun>(&event.what)) {
        note_text(Voice::arguments, call->name);
    } else if (std::holds_alternative<MediaPiece>(event.what)) {
        note_bytes(Voice::text, 1);
    } else if (const auto* report = std::get_if<UsageReport>(&event.what)) {
        facts_.usage = report->usage;
        facts_.text_bytes_after_usage = facts_.reasoning_bytes_after_usage = 0;
        if (listener_ != nullptr && report->usage.input_all() + report->usage.output_all() > 0)
            listener_->told();
    } else if (const auto* finished = std::get_if<Finished>(&event.what)) {
        facts_.finish_reason = word_of(finished->reason);
        facts_.finish_reason.resize(std::min(facts_.finish_reason.size(), finish_reason_bytes_max));
    } else if (const auto* failed = std::get_if<Failed>(&event.what)) {
        facts_.error = failed_ = true;
        failure_ = std::make_unique<Error>(failed->error);
    }
}

Result<bool> Translator::take(std::span<const std::string_view> payload, bool last,
                              std::vector<std::string_view>& out) {
    written_.clear();
    if (passes_ && stream_)
        return pass_stream(payload, last, out);
    auto done = read_all(payload, last);
    if (passes_) {
        out.insert(out.end(), payload.begin(), payload.end());
    } else if (!written_.empty()) {
        out.push_back(written_);
    }
    if (!done)
        return done.error();
    return passes_;
}

Result<void> Translator::read_all(std::span<const std::string_view> payload, bool last) {
    for (auto piece : payload)
        if (auto done = read(piece); !done)
            return done;
    long_ = last && !stream_ && bytes_ > finish_inline_bytes_max;
    return last && !long_ && !facts_.over ? finish() : ok();
}

/// Reads on. What came before a fault was said all the same.
Result<void> Translator::read(std::string_view bytes) {
    bytes_ += bytes.size();
    if (!passes_ && !stream_ && bytes_ > reply_bytes_max)
        return fail(Code::upstream_failed, "the provider's reply is too long");
    if (!facts_.over)  // else what was read before still waits
        events_.clear();
    auto done = reader_->feed(bytes, events_);
    use_events();
    return done;
}

Result<void> Translator::finish() {
    events_.clear();
    produced_bytes_max_ = endless;  // all of it has been produced, and will be charged
    auto done = reader_->finish(events_);
    use_events();
    if (done && !failed_) {
        facts_.done = true;
        // Figures of a whole reply cover all of it, wherever in it they stand.
        if (ended())
            facts_.text_bytes_after_usage = facts_.reasoning_bytes_after_usage = 0;
    }
    return done;
}

bool Translator::over() const noexcept {
    return !ended() && facts_.produced_bytes() > produced_bytes_max_;
}

/// False: the client is not to see it.
bool Translator::show_to_watchers(llm::ReplyEvent& event) {
    bool shown = continuation_ == nullptr || continuation_->take(event);
    note(event);
    if (watch_)
        watch_->take(event, began_);
    return shown;
}

void Translator::use_events() {
    if (facts_.over)
        return;
    // The writer of a stream that passes writes for nobody, so that it can end the stream.
    std::string unseen;
    auto* out = passes_ ? &unseen : &written_;
    bool writes = !passes_ || produced_bytes_max_ != endless;
    for (auto event = events_.begin(); event != events_.end(); ++event) {
        bool shown = show_to_watchers(*event);
        if (writes && shown)
            writer_->write(*event, *out);
        unseen.clear();
        facts_.over = !passes_ && over();
        if (facts_.over) {
            events_.erase(events_.begin(), event + 1);
            return;
        }
    }
    facts_.over = over();
    events_.clear();
}

Result<bool> Translator::go_on(std::int64_t produced_bytes_max, bool last,
                               std::vector<std::string_view>& out) {
    produced_bytes_max_ = produced_bytes_max;
    facts_.over = false;
    written_.clear();
    if (passes_)
        return pass_stream({}, last, out);
    use_events();
    auto done = last && !facts_.over ? finish() : ok();
    if (!written_.empty())
        out.push_back(written_);
    if (!done)
        return done.error();
    return false;
}

std::string_view Translator::cut(std::int64_t choices, const llm::Usage& usage) {
    closing_.clear();
    for (std::int32_t choice = 0; choice < choices; ++choice)
        writer_->write({llm::Finished{llm::Finish::length}, choice, 0}, closing_);
    writer_->write({llm::UsageReport{usage}, 0, 0}, closing_);
    writer_->finish(closing_);
    return closing_;
}

/// Event by event: those of the reply go on as they are, an error's words are told in ours, and
/// from where the stream says that it ends its bytes wait until the call is settled. The start of
/// an event waits for its end, because it may turn out to be one of those.
Result<bool> Translator::pass_stream(std::span<const std::string_view> payload, bool last,
                                     std::vector<std::string_view>& out) {
    bool same = unfinished_.empty();
    written_ = std::exchange(unfinished_, {});
    for (auto piece : payload)
        written_ += piece;
    std::string_view whole = written_;
    Passing passing{whole};
    auto done = sort_events(passing, last);
    if (passing.shown > 0)
        out.push_back(whole.substr(0, passing.shown));
    if (!done)
        return done.error();
    if (withheld_.size() + unfinished_.size() > event_bytes_max)
        return fail(Code::upstream_failed, "an event of the provider's stream is too long");
    return same && passing.shown == whole.size();
}

/// Until an error event: of what is behind it nobody learns.
Result<void> Translator::sort_events(Passing& passing, bool last) {
    while (!passing.rest.empty()) {
        auto length = llm::first_event(passing.rest);
        if (length == 0 && !last)
            break;
        auto event = passing.rest.substr(0, length == 0 ? passing.rest.size() : length);
        if (auto done = read(event); !done || failed_)
            return done;
        passing.rest.remove_prefix(event.size());
        if (ended())
            withheld_ += event;
        else
            passing.shown += event.size();
        if (facts_.over) {
            unfinished_ = passing.rest;
            return ok();
        }
    }
    unfinished_ = passing.rest;
    return last ? finish() : ok();
}

Result<void> Translator::finish_long() {
    long_ = false;
    auto done = finish();
    finished_ = done && !passes_;
    if (finished_)
        writer_->finish(closing_);
    return done;
}

std::string_view Translator::closing() {
    if (finished_)
        return closing_;
    closing_.clear();
    if (passes_)
        closing_ = std::move(withheld_);
    else
        writer_->finish(closing_);
    return closing_;
}

std::string_view Translator::broken(const Error& error) {
    closing_.clear();
    writer_->fail(error, closing_);
    return closing_;
}

}  // namespace obliv::relay
