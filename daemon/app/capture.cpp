#include "daemon/app/capture.hpp"

#include "core/base/log.hpp"
#include "core/llm/redact.hpp"

#include <algorithm>

namespace obliv::daemon {
namespace {

constexpr std::string_view left_out = "\"[redacted]\"";
constexpr std::string_view white = " \t\r\n";
constexpr int sweep_rows = 500;
constexpr unsigned sweep_every = 64;  // captures

std::size_t skip_white(std::string_view text, std::size_t at) noexcept {
    return std::min(text.find_first_not_of(white, at), text.size());
}

/// Behind the quote that ends a text which begins at `at`; the end if it does not end.
std::size_t end_of_text(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
}

/// Behind the bracket that closes the one at `at`; the end if nothing does.
std::size_t end_of_brackets(std::string_view text, std::size_t at) noexcept {
    int depth = 0;
    while (at < text.size()) {
        char c = text[at];
        if (c == '"') {
            at = end_of_text(text, at + 1);
            continue;
        }
        ++at;
        depth += c == '{' || c == '[' ? 1 : 0;
        depth -= c == '}' || c == ']' ? 1 : 0;
        if (depth == 0)
            return at;
    }
    return at;
}

std::size_t end_of_value(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size())
        return text.size();
    if (text[at] == '"')
        return end_of_text(text, at + 1);
    if (text[at] == '{' || text[at] == '[')
        return end_of_brackets(text, at);
    return std::min(text.find_first_of(",}] \t\r\n", at), text.size());
}

/// A key that was cut is not known for one any more: the last word goes.
std::string_view without_last_word(std::string_view text) noexcept {
    auto end = text.find_last_of(" \t\r\n\"':,;{}[]()<>");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

std::string without_fields(std::string_view text, const std::vector<std::string>& fields) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        auto begin = text.find('"', at);
        if (begin == std::string_view::npos)
            break;
        auto end = end_of_text(text, begin + 1);
        out.append(text.substr(at, end - at));
        at = end;
        auto name = text.substr(begin + 1, end - begin - 1);
        if (name.ends_with('"'))
            name.remove_suffix(1);
        if (std::find(fields.begin(), fields.end(), name) == fields.end())
            continue;
        auto colon = skip_white(text, end);
        if (colon >= text.size() || text[colon] != ':')
            continue;
        auto value = skip_white(text, colon + 1);
        out.append(text.substr(end, value - end));
        if (value < text.size())
            out.append(left_out);
        at = end_of_value(text, value);
    }
    return out.append(text.substr(std::min(at, text.size())));
}

std::string fit_to_keep(std::string_view text, bool cut, const std::vector<std::string>& fields) {
    auto whole = cut ? without_last_word(text) : text;
    // What comes out is not much longer than what goes in: marks take the places of secrets.
    return llm::redact(without_fields(whole, fields), 8 * text.size() + 1024);
}

bool CaptureRules::wants(const relay::Record& record) const {
    if (!record.token.empty() &&
        std::find(tokens.begin(), tokens.end(), record.token) != tokens.end())
        return true;
    const auto& model = record.call.model;
    return std::any_of(models.begin(), models.end(), [&](const std::string& wanted) {
        if (wanted.ends_with('*'))
            return model.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1));
        return model == wanted;
    });
}

void CaptureDesk::set(CaptureRules rules) {
    bool active = rules.any();
    std::lock_guard lock(mutex_);
    rules_ = std::make_shared<const CaptureRules>(std::move(rules));
    active_ = active;
}

bool CaptureDesk::may_read(TokenId token) const {
    auto rules = all_rules();
    return rules && std::find(rules->readers.begin(), rules->readers.end(), token.text()) !=
                        rules->readers.end();
}

std::shared_ptr<const CaptureRules> CaptureDesk::all_rules() const {
    std::lock_guard lock(mutex_);
    return rules_;
}

Result<void> CaptureDesk::put(const storage::Capture& capture, const CaptureRules& rules) {
    auto row = capture;
    row.request = fit_to_keep(capture.request, capture.request_cut, rules.redact);
    row.reply = fit_to_keep(capture.reply, capture.reply_cut, rules.redact);
    auto stored =
        database_.write([&](storage::Session& session) { return session.captures().put(row); });
    if (stored && stored_.fetch_add(1, std::memory_order_relaxed) % sweep_every == 0)
        return sweep();
    return stored;
}

void CaptureDesk::store(storage::Capture capture, std::shared_ptr<const CaptureRules> rules) {
    auto work = [this, capture = std::move(capture), rules = std::move(rules)] {
        auto stored = put(capture, *rules);
        if (!stored)
            log::write_limited(log::Level::warning, "capture_not_stored",
                               "what was said in a call could not be kept",
                               {{"request", capture.request_id}, {"why", stored.error().message}});
    };
    if (!workers_.post(std::move(work)))
        log::write_limited(log::Level::warning, "capture_dropped",
                           "what was said in a call was not kept: too much else is to be done", {});
}

Result<void> CaptureDesk::sweep() {
    auto rules = all_rules();
    if (!rules)
        return ok();
    auto before = real_clock().wall() - rules->kept;
    for (bool more = true; more;) {
        auto swept = database_.write([&](storage::Session& session) {
            return session.captures().sweep(before, rules->total_bytes_max, sweep_rows);
        });
        if (!swept)
            return swept.error();
        more = *swept > 0;
    }
    return ok();
}

void CapturingExchange::keep(std::string& to, bool& cut, std::string_view bytes) const {
    auto room = bytes_max_ - std::min(bytes_max_, to.size());
    cut = cut || bytes.size() > room;
    to.append(bytes.substr(0, room));
}

loop::Task<Result<std::string_view>> CapturingExchange::read_body() {
    auto body = co_await base().read_body();
    // A hedged call reads it for each of its roads.
    if (body && capture_.request.empty())
        keep(capture_.request, capture_.request_cut, *body);
    co_return body;
}

loop::Task<Result<void>> CapturingExchange::write(server::Pieces payload) {
    for (auto piece : payload.view())
        keep(capture_.reply, capture_.reply_cut, piece);
    return base().write(payload);
}

loop::Task<Result<void>> CapturingExchange::write_framed(std::string_view chunks) {
    auto rest = chunks;
    while (framed_ && !rest.empty()) {
        auto step = framing_.next(rest);
        framed_ = step && step->consumed > 0;
        if (!framed_)
            break;
        keep(capture_.reply, capture_.reply_cut, step->payload);
        rest.remove_prefix(step->consumed);
    }
    return base().write_framed(chunks);
}

loop::Task<Result<void>> CapturingExchange::finish(server::Pieces payload) {
    for (auto piece : payload.view())
        keep(capture_.reply, capture_.reply_cut, piece);
    return base().finish(payload);
}

loop::Task<Result<void>> CapturingExchange::reply(int status, std::string_view content_type,
                                                  std::span<const http::Header> headers,
                                                  std::string_view body) {
    keep(capture_.reply, capture_.reply_cut, body);
    return base().reply(status, content_type, headers, body);
}

}  // namespace obliv::daemon
