#include "core/llm/reply_scan.hpp"

#include "core/base/text.hpp"
#include "core/llm/json_scan.hpp"
#include "core/llm/key_set.hpp"
#include "core/llm/openai_usage.hpp"
#include "core/llm/sse.hpp"

#include <algorithm>
#include <utility>

namespace obliv::llm {
namespace {

constexpr auto npos = std::string_view::npos;
// Longer than any key with its colon and spaces, or a finish reason, that we look for.
constexpr std::size_t tail_bytes = 96;
constexpr std::size_t usage_bytes_max = 16'384;
constexpr std::size_t finish_reason_bytes_max = 32;
constexpr std::size_t error_bytes_max = 16'384;

// Everything that is looked for in a reply. The last five name texts; `reasoning` and
// `reasoning_content` are two hosts' names for one thing (docs of vLLM and DeepSeek).
constexpr KeySet keys{"usage",   "finish_reason", "error",     "content",
                      "refusal", "arguments",     "reasoning", "reasoning_content"};
enum : std::size_t {
    key_usage,
    key_finish_reason,
    key_error,
    key_content,
    key_arguments = 5,
    key_reasoning
};

// What a whole reply is scanned for.
constexpr KeySet outcome{"usage", "finish_reason"};
enum : std::size_t { outcome_usage, outcome_finish_reason };

bool is_text(std::size_t key) noexcept {
    return key >= key_content;
}
std::int64_t& counter_of(std::size_t key, ReplyFacts& facts) noexcept {
    return key >= key_reasoning ? facts.reasoning_bytes : facts.text_bytes;
}
Voice voice_of(std::size_t key) noexcept {
    if (key >= key_reasoning)
        return Voice::thought;
    return key == key_arguments ? Voice::arguments : Voice::text;
}

/// Zeros are what some servers report whatever they have said.
bool tells(const Usage& usage) noexcept {
    return usage.input_all() + usage.output_all() > 0;
}

bool is_string(std::string_view json, std::size_t at) noexcept {
    return at < json.size() && json[at] == '"';
}

bool note_finish_reason(std::string_view json, std::size_t value, ReplyFacts& facts) {
    bool given = is_string(json, value);
    if (given)
        facts.finish_reason = string_at(json, value).substr(0, finish_reason_bytes_max);
    return given;
}

/// The text of an event's first `data:` line, wherever it stands among the other lines, without the
/// spaces around it; empty if there is none.
std::string_view data_of(std::string_view event) {
    while (!event.empty()) {
        auto line = event.substr(0, find_line_end(event));
        constexpr std::string_view field = "data:";
        if (line.starts_with(field))
            return trim(line.substr(field.size()));
        event.remove_prefix(std::min(event.size(), line.size() + 1));
    }
    return {};
}

bool is_closing(std::string_view event) {
    // Hardly any event need be read to the end of its line to know that it is not.
    if (event.starts_with("data: {") || event.starts_with("data:{"))
        return false;
    return data_of(event) == "[DONE]";
}

/// An error that says something: some servers send `"error":null` with every event.
bool says_error(std::string_view json, std::size_t value) {
    return value < json.size() && (json[value] == '{' || json[value] == '"');
}

/// A whole reply that is an error: it is the object's first key.
bool begins_with_error(std::string_view json) {
    constexpr std::string_view error = "\"error\"";
    auto first = json.find_first_not_of("{ \t\r\n");
    return first != npos && json.substr(first).starts_with(error) &&
           says_error(json, find_value(json, "error", first));
}

bool empty_array(std::string_view json, std::size_t at) {
    if (at >= json.size() || json[at] != '[')
        return false;
    auto next = json.find_first_not_of(" \t\r\n", at + 1);
    return next != npos && json[next] == ']';
}

}  // namespace

/// How much of `json` still belongs to a string that an earlier piece opened.
std::size_t TextMeter::rest_of_string(std::string_view json) {
    std::size_t at = 0;
    while (at < json.size() && (escaped_ || json[at] != '"')) {
        escaped_ = !escaped_ && json[at] == '\\';
        ++at;
    }
    return at;
}

void TextMeter::tell(std::size_t key, std::string_view stretch) {
    if (listener_ != nullptr)
        listener_->heard(voice_of(key), stretch, true);
}

/// Measures the string that starts at `at` and returns where it ends; it may go on in the next
/// piece.
std::size_t TextMeter::measure(std::string_view json, std::size_t at, std::size_t key,
                               ReplyFacts& facts) {
    auto text = string_at(json, at);
    counter_of(key, facts) += static_cast<std::int64_t>(text.size());
    tell(key, text);
    auto end = at + 1 + text.size();
    if (end >= json.size()) {
        open_ = key;
        auto last_other = text.find_last_not_of('\\');
        auto slashes = text.size() - (last_other == npos ? 0 : last_other + 1);
        escaped_ = slashes % 2 == 1;
    }
    return end;
}

void TextMeter::feed(std::string_view json, ReplyFacts& facts) {
    if (open_ != 0) {
        auto length = rest_of_string(json);
        counter_of(open_, facts) += static_cast<std::int64_t>(length);
        tell(open_, json.substr(0, length));
        if (length == json.size())
            return;
        open_ = 0;
        json.remove_prefix(length + 1);
    }
    auto found = keys.next(json, 0);
    while (found) {
        auto at = found.value;
        if (is_text(found.key) && is_string(json, at))
            at = measure(json, at, found.key, facts);
        found = keys.next(json, at);
    }
}

/// From behind: the last ones count, and stand near the end.
void PlainScan::look_for_keys(std::string_view text) {
    bool reported = false;
    bool finished = false;
    // A reply that says it over and over, and never rightly, is not worth reading to its begin.
    int tries = 8;
    auto before = text.size();
    while (!reported || !finished) {
        auto found = outcome.last(text, before);
        if (!found)
            return;
        before = found.begin;
        if (found.key == outcome_usage && !reported)
            reported = look_at_usage(text, found.value) || --tries == 0;
        if (found.key == outcome_finish_reason && !finished)
            finished = note_finish_reason(text, found.value, facts_);
    }
}

/// Whether there is a report of usage that can be read.
bool PlainScan::look_at_usage(std::string_view text, std::size_t at) {
    if (at >= text.size() || text[at] != '{')
        return false;
    auto end = npos;
    auto usage = parse_openai_usage(text.substr(at), &end);
    if (end == npos)
        cut().usage = text.substr(at, usage_bytes_max);
    if (usage)
        facts_.usage = usage;
    return usage.has_value();
}

void PlainScan::extend_usage(std::string_view bytes) {
    auto& begun = cut_->usage;
    begun += bytes.substr(0, usage_bytes_max);
    auto end = npos;
    if (auto usage = parse_openai_usage(begun, &end))
        facts_.usage = usage;
    if (end != npos || begun.size() >= usage_bytes_max)
        begun.clear();
}

void PlainScan::look_at_seam(std::string_view bytes) {
    auto seam = cut_->tail + std::string(bytes.substr(0, tail_bytes));
    look_for_keys(seam);
    if (!cut_->usage.empty() && bytes.size() > tail_bytes)
        extend_usage(bytes.substr(tail_bytes));
}

PlainScan::Cut& PlainScan::cut() {
    if (!cut_)
        cut_ = std::make_unique<Cut>();
    return *cut_;
}

void PlainScan::feed(std::string_view bytes, bool last) {
    if (!std::exchange(begun_, true))
        facts_.error = begins_with_error(bytes);
    if (cut_ && !cut_->usage.empty())
        extend_usage(bytes);
    else if (cut_ && !cut_->tail.empty())
        look_at_seam(bytes);
    if (!cut_ || cut_->usage.empty())
        look_for_keys(bytes);
    // What was produced is measured only where the figures do not tell.
    if (!facts_.usage || !tells(*facts_.usage))
        meter_.feed(bytes, facts_);
    if (last)
        return;
    auto& tail = cut().tail;
    tail += bytes.substr(bytes.size() - std::min(bytes.size(), tail_bytes));
    if (tail.size() > tail_bytes)
        tail.erase(0, tail.size() - tail_bytes);
}

/// What one event says, gathered in one pass.
struct StreamScan::Event {
    std::size_t usage = npos;  ///< where the last report begins
    std::size_t error = npos;  ///< an error that says something
    ReplyFacts said;           ///< what it adds: texts and a finish reason
};

StreamScan::Event StreamScan::read(std::string_view event) const {
    Event seen;
    auto found = keys.next(event, 0);
    while (found) {
        auto at = found.value;
        if (found.key == key_usage) {
            if (at < event.size() && event[at] == '{')
                seen.usage = at;
        } else if (found.key == key_finish_reason) {
            note_finish_reason(event, at, seen.said);
        } else if (found.key == key_error) {
            if (seen.error == npos && says_error(event, at))
                seen.error = at;
        } else if (is_string(event, at)) {
            auto text = string_at(event, at);
            counter_of(found.key, seen.said) += static_cast<std::int64_t>(text.size());
            if (options_.listener != nullptr)
                options_.listener->heard(voice_of(found.key), text, true);
            at += text.size() + 1;
        }
        found = keys.next(event, std::min(at, event.size()));
    }
    return seen;
}

/// Takes the event's report of usage, if it has one that can be read.
bool StreamScan::take_usage(std::string_view event, std::size_t at) {
    if (at == npos)
        return false;
    auto usage = parse_openai_usage(event.substr(at));
    if (usage)
        facts_.usage = usage;
    if (usage && options_.listener != nullptr && tells(*usage))
        options_.listener->told();
    return usage.has_value();
}

void StreamScan::add(const ReplyFacts& said, bool usage_reported) {
    facts_.text_bytes += said.text_bytes;
    facts_.reasoning_bytes += said.reasoning_bytes;
    if (!said.finish_reason.empty())
        facts_.finish_reason = said.finish_reason;
    if (usage_reported) {
        facts_.text_bytes_after_usage = facts_.reasoning_bytes_after_usage = 0;
    } else if (facts_.usage) {
        facts_.text_bytes_after_usage += said.text_bytes;
        facts_.reasoning_bytes_after_usage += said.reasoning_bytes;
    }
}

StreamScan::Ending& StreamScan::ending() {
    if (!ending_)
        ending_ = std::make_unique<Ending>();
    return *ending_;
}

bool StreamScan::examine(std::string_view event) {
    if (is_closing(event)) {
        facts_.done = true;
        return false;
    }
    auto seen = read(event);
    bool reported = take_usage(event, seen.usage);
    auto data = seen.error == npos ? std::string_view{} : data_of(event);
    if (seen.error != npos &&
        (data.starts_with("{\"error\"") || find_value(event, "choices") == npos)) {
        facts_.error = true;
        ending().error = data.substr(0, error_bytes_max);
        return false;
    }
    add(seen.said, reported);
    return seen.usage == npos || !options_.withhold_usage ||
           !empty_array(event, find_value(event, "choices"));
}

Result<bool> StreamScan::feed(std::span<const std::string_view> payload,
                              std::vector<std::string_view>& out) {
    joined_.clear();
    bool as_it_came = true;
    for (auto piece : payload) {
        auto same = feed_one(piece, out);
        if (!same)
            return same;
        as_it_came = as_it_came && *same;
    }
    return as_it_came;
}

Result<bool> StreamScan::feed_one(std::string_view payload, std::vector<std::string_view>& out) {
    if (facts_.done) {
        close(payload);
        return payload.empty();
    }
    if (facts_.over) {
        rest_ += payload;
        return payload.empty();
    }
    auto known = rest_.size();
    if (known == 0)
        return sort(payload, 0, out);
    joined_.push_front(std::exchange(rest_, {}));
    joined_.front() += payload;
    auto sorted = sort(joined_.front(), known > 2 ? known - 2 : 0, out);
    if (!sorted)
        return sorted;
    return false;
}

Result<bool> StreamScan::go_on(std::uint32_t produced_bytes_max,
                               std::vector<std::string_view>& out) {
    options_.produced_bytes_max = produced_bytes_max;
    facts_.over = false;
    joined_.clear();
    joined_.push_front(std::exchange(rest_, {}));
    return sort(joined_.front(), 0, out);
}

/// Some servers report usage when they have said already that all was said.
void StreamScan::close(std::string_view bytes) {
    auto& closing = ending().closing;
    auto before = closing.size();
    closing += bytes;
    if (before == 0 || bytes.empty())
        return;
    auto at = find_value(closing, "usage");
    while (at < closing.size() && closing[at] != '{')
        at = find_value(closing, "usage", at);
    if (at < closing.size() && take_usage(closing, at))
        facts_.text_bytes_after_usage = facts_.reasoning_bytes_after_usage = 0;
}

/// `text` is what has come and was not sorted yet; the first `known` bytes hold no whole event.
Result<bool> StreamScan::sort(std::string_view text, std::size_t known,
                              std::vector<std::string_view>& out) {
    bool as_it_came = true;
    auto end = whole_events(text, known);
    auto from = forward(text.substr(0, end), out, as_it_came);
    if (facts_.done) {
        auto length = first_event(text.substr(from));
        close(text.substr(from, length));
        close(text.substr(from + length));
        return false;
    }
    if (from < text.size()) {
        rest_ = text.substr(from);
        as_it_came = false;
    }
    if (rest_.size() > options_.event_bytes_max)
        return fail(Code::upstream_failed, "an event of the stream is over " +
                                               std::to_string(options_.event_bytes_max) + " bytes");
    return as_it_came;
}

/// Sorts whole events into those that go out, in as few stretches as possible, and those that do
/// not. Returns how far it came: to the end, or to the closing event.
std::size_t StreamScan::forward(std::string_view events, std::vector<std::string_view>& out,
                                bool& as_it_came) {
    std::size_t from = 0;  // start of the stretch that is being gathered
    std::size_t at = 0;
    while (at < events.size()) {
        auto length = first_event(events.substr(at));
        auto next = length == 0 ? events.size() : at + length;
        if (!examine(events.substr(at, next - at))) {
            if (at > from)
                out.push_back(events.substr(from, at - from));
            as_it_came = false;
            if (facts_.done)
                return at;
            from = next;
        }
        at = next;
        facts_.over = over();
        if (facts_.over)
            break;
    }
    if (at > from)
        out.push_back(events.substr(from, at - from));
    return at;
}

}  // namespace obliv::llm
