#include "core/llm/condense.hpp"

#include "core/llm/estimate.hpp"
#include "core/llm/json_reader.hpp"

#include <algorithm>
#include <cstring>
#include <simdjson.h>

namespace obliv::llm {
namespace {

constexpr auto npos = std::string_view::npos;
// Small enough to stay in the cache for all that looks at it.
constexpr std::size_t window_bytes = 128U << 10;
constexpr std::string_view media_mark = ";base64,";

Error not_utf8() {
    return fail(Code::invalid_request, "the body is not valid UTF-8");
}

/// Whether the quote at `at` is part of the string: an odd number of backslashes stands before it.
bool is_escaped(std::string_view body, std::size_t at) noexcept {
    std::size_t slashes = 0;
    while (slashes < at && body[at - 1 - slashes] == '\\')
        ++slashes;
    return slashes % 2 == 1;
}

/// The quote that ends the string whose content begins at `begin`, if it is before `end`.
std::size_t end_of_string(std::string_view body, std::size_t from, std::size_t end) noexcept {
    for (auto at = body.find('"', from); at < end; at = body.find('"', at + 1))
        if (!is_escaped(body, at))
            return at;
    return npos;
}

/// The start of the character that `at` would cut in two.
std::size_t back_to_character(std::string_view body, std::size_t at, std::size_t begin) noexcept {
    for (int steps = 0; steps < 3 && at > begin && at < body.size(); ++steps, --at)
        if ((static_cast<unsigned char>(body[at]) & 0xC0) != 0x80)
            return at;
    return at;
}

class Reader {
public:
    Reader(std::string_view body, std::size_t bytes_max, Passed passed)
        : body_(body), bytes_max_(bytes_max), passed_(passed) {}

    Result<std::optional<Condensed>> read() {
        while (at_ < body_.size()) {
            copy_to_quote();
            if (out_.text.size() > bytes_max_)
                return std::optional<Condensed>();
            if (at_ == body_.size())
                break;
            if (auto taken = take_string(); !taken)
                return taken.error();
        }
        pass(at_);
        auto parts = input_parts(out_.text);
        parts.text_bytes += text_bytes_;
        parts.attachments += attachments_;
        out_.input_bound = input_tokens_bound(parts);
        out_.input_estimate = estimate_input_tokens(parts);
        out_.text.append(json_padding, ' ');
        return std::optional<Condensed>(std::move(out_));
    }

private:
    /// What is between strings, and the quote that begins the next.
    void copy_to_quote() {
        while (at_ < body_.size() && out_.text.size() <= bytes_max_) {
            auto window = body_.substr(at_, window_bytes);
            auto quote = window.find('"');
            auto size = quote == npos ? window.size() : quote + 1;
            out_.text += window.substr(0, size);
            at_ += size;
            if (quote != npos)
                return;
            pass(at_);
        }
    }

    /// A string and the quote that ends it.
    Result<void> take_string() {
        auto head = std::min(body_.size(), at_ + Condensed::string_bytes_kept + 1);
        auto near = body_.substr(0, head);
        if (auto end = end_of_string(near, at_, head); end != npos) {
            out_.text += body_.substr(at_, end + 1 - at_);
            at_ = end + 1;
            return ok();
        }
        auto begin = at_;
        attached_ = false;
        mark_from_ = begin;
        while (true) {
            auto end = std::min(body_.size(), at_ + window_bytes);
            auto quote = end_of_string(body_.substr(0, end), at_, end);
            auto stop = quote != npos ? quote : back_to_character(body_, end, at_);
            if (auto checked = check(body_.substr(at_, stop - at_)); !checked)
                return checked;
            measure(stop);
            at_ = stop;
            pass(at_);
            if (quote != npos || end == body_.size())
                break;
        }
        auto before = out_.cuts.empty() ? 0 : out_.cuts.back().bytes;
        out_.cuts.push_back({out_.text.size(), before + at_ - begin});
        if (at_ < body_.size())
            out_.text += body_[at_++];
        return ok();
    }

    static Result<void> check(std::string_view text) {
        unsigned char least = 0xFF;
        for (char c : text)
            least = std::min(least, static_cast<unsigned char>(c));
        if (least < 0x20)
            return fail(Code::invalid_request, "the body is not valid JSON: " +
                                                   std::string(JsonReader::control_character));
        return simdjson::validate_utf8(text.data(), text.size()) ? ok() : Result<void>(not_utf8());
    }

    /// Counts the window from at_ to `stop` of a string, as input_parts() does: behind the mark of
    /// inline media all is one attachment, up to a quote.
    void measure(std::size_t stop) {
        for (auto at = at_; at < stop;) {
            if (attached_) {
                auto quote = body_.substr(0, stop).find('"', at);
                if (quote == npos)
                    return;
                attached_ = false;
                at = mark_from_ = quote;
            }
            // The mark may lie across two windows.
            auto from = std::max(mark_from_, at - std::min(at, media_mark.size() - 1));
            auto mark = body_.substr(0, stop).find(media_mark, from);
            auto text_end = mark == npos ? stop : mark + media_mark.size();
            text_bytes_ += static_cast<std::int64_t>(text_end - at);
            attached_ = mark != npos;
            attachments_ += attached_ ? 1 : 0;
            at = text_end;
        }
    }

    void pass(std::size_t to) {
        if (passed_ != nullptr)
            passed_(body_.substr(passed_to_, to - passed_to_));
        passed_to_ = to;
    }

    std::string_view body_;
    std::size_t bytes_max_;
    Passed passed_;
    std::size_t at_ = 0;
    std::size_t passed_to_ = 0;
    std::int64_t text_bytes_ = 0;
    std::int64_t attachments_ = 0;
    bool attached_ = false;      ///< of the string: in inline media
    std::size_t mark_from_ = 0;  ///< where their next mark may begin
    Condensed out_;
};

}  // namespace

Span Condensed::in_body(Span span) const noexcept {
    auto place = [this](std::size_t at) {
        auto next =
            std::upper_bound(cuts.begin(), cuts.end(), at,
                             [](std::size_t before, const Cut& cut) { return before < cut.at; });
        return next == cuts.begin() ? at : at + std::prev(next)->bytes;
    };
    auto begin = place(span.at);
    return {begin, place(span.at + span.length) - begin};
}

void Condensed::to_body(ChatCall& call) const noexcept {
    call.model_span = in_body(call.model_span);
    call.object_open = in_body(call.object_open);
    if (call.stream_options)
        call.stream_options = in_body(*call.stream_options);
    if (call.include_usage)
        call.include_usage = in_body(*call.include_usage);
}

void Condensed::to_body(std::vector<Edit>& edits) const noexcept {
    for (auto& edit : edits)
        edit.span = in_body(edit.span);
}

Result<std::optional<Condensed>> condense(std::string_view body, std::size_t bytes_max,
                                          Passed passed) {
    return Reader(body, bytes_max, passed).read();
}

}  // namespace obliv::llm
