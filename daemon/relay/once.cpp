#include "daemon/relay/once.hpp"

#include "core/base/log.hpp"
#include "daemon/relay/shelf.hpp"

#include <array>
#include <iterator>

namespace obliv::relay {
namespace {

constexpr std::size_t reply_bytes_max = 4U << 20;
constexpr std::size_t bytes_max = 128U << 20;
constexpr std::size_t replies_max = 20'000;
constexpr std::size_t key_bytes_max = 255;
// What tells two requests apart: a hundred megabytes would keep the loop busy for long.
constexpr std::size_t digest_bytes_max = 1U << 20;
constexpr int status_ok = 200;

Sha256 digest_of(std::string_view body) {
    auto size = std::to_string(body.size());
    return hmac_sha256(size, body.substr(0, digest_bytes_max));
}

}  // namespace

Repeats::Found Repeats::begin(const Sha256& key, SteadyTime now) {
    std::lock_guard lock(mutex_);
    make_room(now);
    auto [found, mine] = entries_.try_emplace(key);
    if (mine)
        return {};
    const auto& reply = found->second.reply;
    return {reply == nullptr, reply};
}

void Repeats::end(const Sha256& key, KeptReplyPtr reply, SteadyTime now) {
    std::lock_guard lock(mutex_);
    if (reply == nullptr) {
        entries_.erase(key);
        return;
    }
    bytes_ += reply->body.size();
    entries_[key] = {std::move(reply), now, ended_.insert(ended_.end(), key)};
    make_room(now);
}

void Repeats::end_unwritten(Unwritten unwritten, SteadyTime now) {
    std::lock_guard lock(mutex_);
    auto place = unwritten_.insert(unwritten_.end(), unwritten.key);
    entries_[unwritten.key] = {std::move(unwritten.reply), now, place,
                               std::move(unwritten.request_id)};
}

std::optional<Repeats::Unwritten> Repeats::next_unwritten() {
    std::lock_guard lock(mutex_);
    if (unwritten_.empty())
        return std::nullopt;
    unwritten_.splice(unwritten_.end(), unwritten_, unwritten_.begin());
    const auto& entry = entries_.at(unwritten_.back());
    return Unwritten{unwritten_.back(), entry.request_id, entry.reply};
}

void Repeats::written(const Sha256& key) {
    std::lock_guard lock(mutex_);
    auto found = entries_.find(key);
    if (found == entries_.end() || found->second.request_id.empty())
        return;
    auto& entry = found->second;
    entry.request_id.clear();
    bytes_ += entry.reply->body.size();
    auto before = ended_.end();
    while (before != ended_.begin() && entries_.at(*std::prev(before)).ended > entry.ended)
        --before;
    ended_.splice(before, unwritten_, entry.place);
}

void Repeats::make_room(SteadyTime now) {
    auto is_over = [&](const Sha256& key) {
        return now - entries_.at(key).ended >= reply_kept_for;
    };
    while (!ended_.empty() &&
           (bytes_ > bytes_max || ended_.size() > replies_max || is_over(ended_.front()))) {
        bytes_ -= entries_.at(ended_.front()).reply->body.size();
        drop_first(ended_);
    }
    for (auto left = unwritten_.size(); left > 0; --left) {
        if (is_over(unwritten_.front()))
            drop_first(unwritten_);
        else
            unwritten_.splice(unwritten_.end(), unwritten_, unwritten_.begin());
    }
}

void Repeats::drop_first(std::list<Sha256>& from) {
    entries_.erase(from.front());
    from.pop_front();
}

Turn::~Turn() {
    if (ended_)
        return;
    end(nullptr);
    if (begun_)
        shelf_.forget(key_, maker_);
}

loop::Task<Result<KeptReplyPtr>> Turn::begin() {
    auto reply = co_await shelf_.begin_elsewhere(key_, maker_);
    begun_ = reply && *reply == nullptr;
    if (reply && *reply)
        end(*reply);
    // The disk has just taken something.
    if (begun_)
        shelf_.catch_up(repeats_);
    co_return reply;
}

loop::Task<void> Turn::keep(KeptReplyPtr reply) {
    auto copy = reply;
    auto kept = co_await shelf_.keep_elsewhere(key_, maker_.request_id, std::move(copy));
    if (kept) {
        end(std::move(reply));
        co_return;
    }
    log::write_limited(log::Level::warning, "reply_not_kept",
                       "a reply with an Idempotency-Key is in memory only, until the disk works",
                       {{"why", kept.error().message}});
    ended_ = true;
    Repeats::Unwritten unwritten{key_, std::string(maker_.request_id), std::move(reply)};
    repeats_.end_unwritten(std::move(unwritten), clock_.steady());
}

loop::Task<Result<std::string_view>> OnceExchange::read_body() {
    auto body = co_await base().read_body();
    if (body)
        kept_.request = digest_of(*body);
    co_return body;
}

void OnceExchange::begin(int status, std::string_view content_type) {
    succeeds_ = status == status_ok;
    keeps_ = keeps_ && succeeds_;
    kept_.content_type = std::string(content_type);
}

void OnceExchange::keep(std::string_view bytes) {
    keeps_ = keeps_ && kept_.body.size() + bytes.size() <= reply_bytes_max;
    if (keeps_)
        kept_.body.append(bytes);
    else
        std::string().swap(kept_.body);
}

/// A client that has left is no reason to end what its repeat will ask for.
Result<void> OnceExchange::unless_left(Result<void> sent) const {
    if (!sent && base().client_gone() && !stopping())
        return ok();
    return sent;
}

void OnceExchange::start(int status, std::string_view content_type,
                         std::span<const http::Header> headers,
                         std::optional<std::uint64_t> length) {
    begin(status, content_type);
    base().start(status, content_type, headers, length);
}

loop::Task<Result<void>> OnceExchange::write(server::Pieces payload) {
    for (auto piece : payload.view())
        keep(piece);
    auto sent = co_await base().write(payload);
    co_return unless_left(std::move(sent));
}

loop::Task<Result<void>> OnceExchange::write_framed(std::string_view chunks) {
    auto rest = chunks;
    while (keeps_ && !rest.empty()) {
        auto step = framing_.next(rest);
        keeps_ = step && step->consumed > 0;
        if (!keeps_)
            break;
        keep(step->payload);
        rest.remove_prefix(step->consumed);
    }
    auto sent = co_await base().write_framed(chunks);
    co_return unless_left(std::move(sent));
}

loop::Task<Result<void>> OnceExchange::finish(server::Pieces payload) {
    for (auto piece : payload.view())
        keep(piece);
    co_await hand_over();
    auto sent = co_await base().finish(payload);
    co_return unless_left(std::move(sent));
}

loop::Task<Result<void>> OnceExchange::reply(int status, std::string_view content_type,
                                             std::span<const http::Header> headers,
                                             std::string_view body) {
    begin(status, content_type);
    keep(body);
    co_await hand_over();
    auto sent = co_await base().reply(status, content_type, headers, body);
    co_return unless_left(std::move(sent));
}

void OnceExchange::on_client_gone(std::function<void()> gone) {
    gone_ = std::move(gone);
    if (gone_)
        listen();
    else
        base().on_client_gone({});
}

void OnceExchange::listen() {
    base().on_client_gone([this] {
        if (!stopping())
            listen();
        else if (gone_)
            gone_();
    });
}

loop::Task<void> OnceExchange::hand_over() {
    if (!succeeds_ || !record_.call.error.empty())
        co_return;
    if (!keeps_)
        kept_ = {{}, {}, kept_.request, std::string(base().request_id())};
    auto reply = std::make_shared<const KeptReply>(std::move(kept_));
    co_await turn_.keep(std::move(reply));
}

Result<Sha256> repeat_key(std::int64_t account, std::string_view path, std::string_view given) {
    if (given.empty() || given.size() > key_bytes_max) {
        auto error =
            fail(Code::invalid_request, "an Idempotency-Key has 1 to 255 bytes, this one has " +
                                            std::to_string(given.size()));
        error.param = "idempotency-key";
        return error;
    }
    auto owner = std::to_string(account) + " " + std::string(path);
    return hmac_sha256(owner, given);
}

loop::Task<Result<void>> send_again(server::Exchange& exchange, KeptReplyPtr reply) {
    auto body = co_await exchange.read_body();
    if (!body)
        co_return body.error();
    if (digest_of(*body) != reply->request) {
        auto error = fail(Code::invalid_request,
                          "this Idempotency-Key was used for another request; a new one is needed");
        error.param = "idempotency-key";
        co_return error;
    }
    if (!reply->charged_as.empty())
        co_return fail(Code::conflict, "the call with this Idempotency-Key was charged as " +
                                           reply->charged_as +
                                           ", and its reply was too long to be kept, or is not "
                                           "kept any more; a new key makes a new call");
    std::array<http::Header, 2> headers;
    headers[0] = {"idempotent-replayed", "true"};
    headers[1] = {"cache-control", "no-cache"};
    auto list = std::span<const http::Header>(headers);
    std::string_view type = reply->content_type;
    std::string_view text = reply->body;
    co_return co_await exchange.reply(status_ok, type, list, text);
}

}  // namespace obliv::relay
