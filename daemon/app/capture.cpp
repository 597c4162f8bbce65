#include "daemon/app/capture.hpp"

#include "core/base/log.hpp"
#include "daemon/app/capture_text.hpp"

#include <algorithm>

namespace obliv::daemon {
namespace {

constexpr int sweep_rows = 500;
constexpr unsigned sweep_every = 64;  // captures

}  // namespace

bool CaptureRules::wants_token(std::string_view name) const {
    return !name.empty() && std::find(tokens.begin(), tokens.end(), name) != tokens.end();
}

bool CaptureRules::wants(const relay::Record& record) const {
    if (wants_token(record.token))
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
    memory_.set_most(rules.memory_max);
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

Result<void> CaptureDesk::put(storage::Capture& row, const CaptureRules& rules) {
    row.request = fit_to_keep(row.request, row.request_cut, rules.redact);
    row.reply = fit_to_keep(row.reply, row.reply_cut, rules.redact);
    auto stored =
        database_.write([&](storage::Session& session) { return session.captures().put(row); });
    if (stored && stored_.fetch_add(1, std::memory_order_relaxed) % sweep_every == 0)
        return sweep();
    return stored;
}

void CaptureDesk::store(Kept kept, std::shared_ptr<const CaptureRules> rules) {
    auto work = [this, kept = std::make_shared<Kept>(std::move(kept)), rules = std::move(rules)] {
        auto stored = put(kept->capture, *rules);
        if (!stored)
            log::write_limited(
                log::Level::warning, "capture_not_stored",
                "what was said in a call could not be kept",
                {{"request", kept->capture.request_id}, {"why", stored.error().message}});
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

bool CapturingExchange::wanted() {
    if (decided_)
        return wanted_;
    decided_ = true;
    wanted_ = rules_.wants(record_);
    auto& capture = kept_.capture;
    if (wanted_)
        keep(capture.request, capture.request_cut, body_);
    body_ = {};
    return wanted_;
}

/// What was once cut has an end: nothing comes behind a hole.
void CapturingExchange::keep(std::string& to, bool& cut, std::string_view bytes) {
    auto some = bytes.substr(0, cut ? 0 : rules_.bytes_max - to.size());
    cut = cut || some.size() < bytes.size();
    if (some.empty())
        return;
    if (make_room(to, some.size()))
        to.append(some);
    else
        cut = true;
}

bool CapturingExchange::make_room(std::string& in, std::size_t bytes) {
    auto wanted = in.size() + bytes;
    if (wanted <= in.capacity())
        return true;
    // As a text grows by itself.
    auto capacity = std::max(wanted, 2 * in.capacity());
    if (!kept_.memory.take(memory_, static_cast<std::int64_t>(capacity - in.capacity())))
        return false;
    in.reserve(capacity);
    return true;
}

void CapturingExchange::keep_reply(std::span<const std::string_view> pieces) {
    if (!wanted())
        return;
    auto& capture = kept_.capture;
    for (auto piece : pieces)
        keep(capture.reply, capture.reply_cut, piece);
}

std::optional<Kept> CapturingExchange::take() {
    if (!wanted())
        return std::nullopt;
    return std::move(kept_);
}

loop::Task<Result<std::string_view>> CapturingExchange::read_body() {
    auto body = co_await base().read_body();
    if (body && !decided_)
        body_ = *body;
    co_return body;
}

void CapturingExchange::release_request() {
    wanted();
    base().release_request();
}

void CapturingExchange::release_body() {
    wanted();
    base().release_body();
}

loop::Task<Result<void>> CapturingExchange::write(server::Pieces payload) {
    keep_reply(payload.view());
    return base().write(payload);
}

loop::Task<Result<void>> CapturingExchange::write_framed(std::string_view chunks) {
    auto& capture = kept_.capture;
    auto rest = wanted() ? chunks : std::string_view{};
    while (!capture.reply_cut && !rest.empty()) {
        auto step = framing_.next(rest);
        if (!step || step->consumed == 0) {
            capture.reply_cut = true;
            break;
        }
        keep(capture.reply, capture.reply_cut, step->payload);
        rest.remove_prefix(step->consumed);
    }
    return base().write_framed(chunks);
}

loop::Task<Result<void>> CapturingExchange::finish(server::Pieces payload) {
    keep_reply(payload.view());
    return base().finish(payload);
}

loop::Task<Result<void>> CapturingExchange::reply(int status, std::string_view content_type,
                                                  std::span<const http::Header> headers,
                                                  std::string_view body) {
    keep_reply({&body, 1});
    return base().reply(status, content_type, headers, body);
}

}  // namespace obliv::daemon
