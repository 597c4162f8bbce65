#include "core/llm/sse.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>

namespace obliv::llm {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Where the line that starts at `at` ends (its terminator excluded) and where the next one starts.
struct Line {
    std::size_t end;
    std::size_t next;  ///< npos: the line is not complete
};

Line line_at(std::string_view bytes, std::size_t at) noexcept {
    auto end = find_line_end(bytes, at);
    if (end == std::string_view::npos)
        return {bytes.size(), std::string_view::npos};
    if (bytes[end] == '\r' && end + 1 < bytes.size() && bytes[end + 1] == '\n')
        return {end, end + 2};
    return {end, end + 1};
}

/// Whether `bytes`, of which there is one at least, end with a blank line.
bool ends_event(std::string_view bytes) noexcept {
    // The LF of the last CRLF may still come; it then belongs to nothing and harms nobody.
    constexpr std::array<std::string_view, 5> blank{"\n\n", "\n\r\n", "\r\r\n", "\r\r", "\n\r"};
    if (bytes.back() != '\n' && bytes.back() != '\r')
        return false;
    return std::any_of(blank.begin(), blank.end(),
                       [&](std::string_view end) { return bytes.ends_with(end); });
}

}  // namespace

Result<void> SseDecoder::feed(std::string_view bytes, const Sink& sink) {
    while (!bytes.empty()) {
        if (after_cr_ && bytes.front() == '\n')
            bytes.remove_prefix(1);
        after_cr_ = false;
        auto end = find_line_end(bytes);
        line_ += bytes.substr(0, end);
        if (line_.size() + data_.size() > event_bytes_max_)
            return fail(Code::upstream_failed, "an event of the stream is over " +
                                                   std::to_string(event_bytes_max_) + " bytes");
        if (end == std::string_view::npos)
            return ok();
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        take_line(line_, sink);
        line_.clear();
    }
    return ok();
}

void SseDecoder::finish(const Sink& sink) {
    if (!line_.empty())
        take_line(line_, sink);
    line_.clear();
    dispatch(sink);
}

void SseDecoder::take_line(std::string_view line, const Sink& sink) {
    if (!started_ && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    started_ = true;
    if (line.empty())
        return dispatch(sink);
    auto colon = line.find(':');
    auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' '))
        value.remove_prefix(1);
    take_field(field, value);
}

void SseDecoder::take_field(std::string_view field, std::string_view value) {
    if (field == "data") {
        if (has_data_)
            data_ += '\n';
        data_ += value;
        has_data_ = true;
    } else if (field == "event") {
        event_ = value;
    } else if (field == "id" && value.find('\0') == std::string_view::npos) {
        id_ = value;
    }
}

void SseDecoder::dispatch(const Sink& sink) {
    if (has_data_)
        sink(SseEvent{event_, data_, id_});
    event_.clear();
    data_.clear();
    has_data_ = false;
}

std::size_t first_event(std::string_view bytes) noexcept {
    std::size_t at = 0;
    while (at < bytes.size()) {
        auto line = line_at(bytes, at);
        if (line.next == std::string_view::npos)
            return 0;
        if (line.end == at)
            return line.next;
        at = line.next;
    }
    return 0;
}

std::size_t whole_events(std::string_view bytes, std::size_t known) noexcept {
    // Backwards: a read usually ends with its last event, so this looks at a few bytes only.
    for (auto at = bytes.size(); at > known; --at)
        if (ends_event(bytes.substr(0, at)))
            return at;
    return 0;
}

}  // namespace obliv::llm
