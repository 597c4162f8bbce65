#include "core/llm/media_reply.hpp"

#include "core/llm/json_scan.hpp"
#include "core/llm/key_set.hpp"
#include "core/llm/openai_usage.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace obliv::llm {
namespace {

constexpr auto npos = std::string_view::npos;
// Longer than any key with its colon, and than the name of an event.
constexpr std::size_t tail_bytes = 128;
constexpr std::size_t usage_bytes_max = 16'384;
constexpr std::size_t error_bytes_max = 16'384;
constexpr std::size_t closing_bytes_max = 65'536;

constexpr KeySet keys{"type", "usage", "error", "b64_json", "url", "duration", "size", "quality"};
enum : std::size_t {
    key_type,
    key_usage,
    key_error,
    key_b64,
    key_url,
    key_duration,
    key_size,
    key_quality
};

/// Whether the value has to be there as a whole to mean anything.
constexpr bool is_word(std::size_t key) noexcept {
    return key == key_type || key == key_size || key == key_quality;
}

bool is_string(std::string_view json, std::size_t at) noexcept {
    return at < json.size() && json[at] == '"';
}

/// Whether the value that begins at `at` is there as a whole.
bool is_whole(std::string_view json, std::size_t at) noexcept {
    return !is_string(json, at) || at + 1 + string_at(json, at).size() < json.size();
}

constexpr std::size_t number_bytes_max = 32;

/// The same of a number, which nothing but what follows it tells the end of.
bool is_whole_number(std::string_view json, std::size_t at) noexcept {
    bool ended = json.find_first_of(",}] \t\r\n", at) != std::string_view::npos;
    return is_string(json, at) ? is_whole(json, at) : ended || json.size() - at > number_bytes_max;
}

/// Whether the next read has to be waited for to understand the value at `at`.
bool is_cut_off(std::size_t key, std::string_view text, std::size_t at) noexcept {
    return at >= text.size() || (is_word(key) && !is_whole(text, at)) ||
           (key == key_duration && !is_whole_number(text, at));
}

std::optional<std::int64_t> seconds_at(std::string_view json, std::size_t at) {
    auto text = json.substr(at, number_bytes_max);
    if (text.starts_with('"'))
        text.remove_prefix(1);
    double value = 0;
    auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || !(value >= 0) || value > 1e7)
        return std::nullopt;
    return static_cast<std::int64_t>(std::ceil(value));
}

/// The start of the event that holds the byte at `at`.
std::size_t event_start(std::string_view text, std::size_t at) noexcept {
    auto before = text.substr(0, at);
    auto lf = before.rfind("\n\n");
    auto crlf = before.rfind("\r\n\r\n");
    std::size_t start = 0;
    if (lf != npos)
        start = lf + 2;
    if (crlf != npos)
        start = std::max(start, crlf + 4);
    return start;
}

}  // namespace

bool MediaScan::feed(std::span<const std::string_view> payload,
                     std::vector<std::string_view>& out) {
    bool same = true;
    for (auto piece : payload)
        same = feed_one(piece, out) && same;
    return same;
}

bool MediaScan::feed_one(std::string_view payload, std::vector<std::string_view>& out) {
    if (form_ == Form::bytes) {
        facts_.text_bytes += static_cast<std::int64_t>(payload.size());
        out.push_back(payload);
        return true;
    }
    if (facts_.error && form_ == Form::stream) {
        error_.append(
            payload.substr(0, error_bytes_max - std::min(error_bytes_max, error_.size())));
        return payload.empty();
    }
    if (facts_.done) {
        closing_.append(
            payload.substr(0, closing_bytes_max - std::min(closing_bytes_max, closing_.size())));
        return payload.empty();
    }
    scan(payload);
    auto shown = form_ == Form::stream ? shown_of(payload) : payload.size();
    facts_.text_bytes += static_cast<std::int64_t>(shown);
    if (shown > 0)
        out.push_back(payload.substr(0, shown));
    return shown == payload.size();
}

/// How much of the read may go out. What comes after the first line end behind the start of the
/// last event would complete it for its reader.
std::size_t MediaScan::shown_of(std::string_view payload) {
    if (failing_) {
        auto from = event_start(payload, *failing_);
        auto event = payload.substr(from);
        event.remove_prefix(std::min(event.find('{'), event.size()));
        error_ = event.substr(0, std::min(event.find_first_of("\r\n"), error_bytes_max));
        return from;
    }
    if (!ending_)
        return payload.size();
    auto end = payload.find_first_of("\r\n", *ending_);
    ending_ = 0;  // of the next read
    if (end == npos)
        return payload.size();
    facts_.done = true;
    closing_ = payload.substr(end, closing_bytes_max);
    return end;
}

/// Looks at a read together with the end of the one before it.
void MediaScan::scan(std::string_view payload) {
    if (!usage_.empty())
        extend_usage(payload);
    failing_.reset();
    auto known = scanned_;
    auto text = std::exchange(tail_, {});
    auto before = text.size();
    text += payload;
    auto kept = std::min(text.size(), tail_bytes);
    auto cut = text.size() - kept;
    scanned_ = kept;
    // Behind the last event and behind an error nothing counts, however the reads were cut.
    auto over = end_in(text, before);
    for (auto found = keys.next(text, 0); found && found.value < over;
         found = keys.next(text, found.value)) {
        auto at = found.value;
        if (at < known)
            continue;
        if (is_cut_off(found.key, text, at)) {
            scanned_ = std::max(at, cut) - cut;  // the next read brings the rest
            break;
        }
        bool ending = ending_.has_value();
        take(found.key, text, at, std::max(at, before) - before);
        if (failing_ && form_ == Form::stream)
            break;
        if (!ending)
            over = end_in(text, before);
    }
    tail_ = text.substr(cut);
}

/// Where in `text`, of which the read begins at `before`, the last event of the stream ends.
std::size_t MediaScan::end_in(std::string_view text, std::size_t before) const noexcept {
    bool ends = form_ == Form::stream && ending_;
    return ends ? text.find_first_of("\r\n", before + *ending_) : npos;
}

/// One key and its value in `text`, which is at `place` of the read.
void MediaScan::take(std::size_t key, std::string_view text, std::size_t at, std::size_t place) {
    switch (key) {
    case key_type:
        if (is_string(text, at))
            take_type(string_at(text, at), place);
        return;
    case key_usage:
        return take_usage(text, at);
    case key_error:
        // Behind a picture or a bill it is no reply's failure.
        if (text[at] == '{' && images_ == 0 && !facts_.usage)
            fail_at(place);
        return;
    case key_duration:
        seconds_ = seconds_at(text, at);
        return;
    case key_size:
    case key_quality:
        if (is_string(text, at))
            take_made(key, string_at(text, at));
        return;
    default:
        if (form_ == Form::json && is_string(text, at))
            ++images_;
    }
}

void MediaScan::take_made(std::size_t key, std::string_view word) {
    if (key == key_size && tells_size(word))
        made_.size = word;
    if (key == key_quality && tells_quality(word))
        made_.quality = word;
}

void MediaScan::fail_at(std::size_t place) {
    facts_.error = true;
    failing_ = place;
}

void MediaScan::take_type(std::string_view type, std::size_t at) {
    if (type == "error" && form_ == Form::stream)
        return fail_at(at);
    if (!type.ends_with(".completed") && !type.ends_with(".done"))
        return;
    if (type.starts_with("image"))
        ++images_;
    if (--ends_ > 0)
        return;
    facts_.finish_reason = "completed";
    ending_ = at;
}

void MediaScan::take_usage(std::string_view text, std::size_t at) {
    if (text[at] != '{')
        return;
    auto object = object_at(text, at);
    if (object.empty()) {
        usage_ = text.substr(at, usage_bytes_max);
        return;
    }
    // Of several images each says what it took.
    if (auto usage = parse_media_usage(object))
        facts_.usage = facts_.usage ? sum(*facts_.usage, *usage) : *usage;
}

void MediaScan::extend_usage(std::string_view bytes) {
    usage_ += bytes.substr(0, usage_bytes_max);
    auto object = std::string(object_at(usage_, 0));
    if (object.empty() && usage_.size() < usage_bytes_max)
        return;
    usage_.clear();
    if (!object.empty())
        take_usage(object, 0);
}

}  // namespace obliv::llm
