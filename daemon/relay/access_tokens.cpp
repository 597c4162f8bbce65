#include "daemon/relay/access_tokens.hpp"

#include "core/llm/redact.hpp"
#include "core/loop/event.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/loop/spawn.hpp"
#include "daemon/relay/targets.hpp"
#include "daemon/upstream/pool.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace obliv::relay {
namespace {

using std::chrono::seconds;

constexpr auto longest = seconds(10);
constexpr std::size_t reply_bytes_max = 64U << 10;
constexpr std::size_t shown_bytes_max = 300;
// More keys than this are not in use at a time; what is thrown away is asked for again.
constexpr std::size_t entries_max = 1024;
// A call that starts with a token must not outlive it on its way to the provider.
constexpr auto margin = seconds(60);

upstream::Timeouts timeouts() {
    upstream::Timeouts out;
    out.connect = out.first_byte = out.idle = out.total = longest;
    return out;
}

Error refused(int status, std::string_view body) {
    auto code = status == 429  ? Code::rate_limited
                : status < 500 ? Code::upstream_credentials
                               : Code::upstream_failed;
    return fail(code, "no access token was given for its key: the token endpoint answered " +
                          std::to_string(status) + ": " + llm::redact(body, shown_bytes_max));
}

}  // namespace

Result<TokenCall> make_token_call(const providers::Provider& provider,
                                  const providers::Endpoint& endpoint, const std::string& proxy,
                                  WallTime now) {
    auto wanted = provider.token_request(endpoint, now);
    if (!wanted)
        return wanted.error();
    auto place = place_of(wanted->url, proxy);
    if (!place)
        return std::move(place.error()).in("the key's token endpoint");
    TokenCall call;
    call.provider = &provider;
    call.endpoint = std::move(place->endpoint);
    auto path = call.endpoint.target_prefix() + place->path;
    call.request = "POST " + (path.empty() ? "/" : path) +
                   " HTTP/1.1\r\nhost: " + call.endpoint.host_header() +
                   "\r\ncontent-type: " + wanted->content_type +
                   "\r\naccept: application/json\r\naccept-encoding: identity\r\n";
    const auto& authorization = call.endpoint.proxy.authorization;
    if (!call.endpoint.tls && !authorization.empty())
        call.request += "proxy-authorization: " + authorization + "\r\n";
    call.request +=
        "content-length: " + std::to_string(wanted->body.size()) + "\r\n\r\n" + wanted->body;
    return call;
}

loop::Task<Result<providers::AccessToken>> ask_for_token(upstream::Pool& pool,
                                                         const TokenCall& call) {
    std::array<std::string_view, 1> pieces{call.request};
    std::span<const std::string_view> request(pieces);
    auto limits = timeouts();
    auto reply = co_await pool.open(call.endpoint, "POST", request, limits);
    if (!reply)
        co_return std::move(reply.error()).in("the key's token endpoint");
    auto status = reply->status();
    auto body = co_await reply->read_all(reply_bytes_max);
    if (!body)
        co_return std::move(body.error()).in("the key's token endpoint");
    if (status < 200 || status >= 300)
        co_return refused(status, *body);
    co_return call.provider->read_token(*body);
}

void add_token(std::string& head, const providers::Provider& provider, const Secret& token) {
    std::string line(provider.credential.header);
    line.append(": ").append(provider.credential.prefix).append(token.reveal()).append("\r\n");
    auto first_line = head.find("\r\n");
    head.insert(first_line == std::string::npos ? head.size() : first_line + 2, line);
}

struct AccessTokens::Entry {
    Secret token;
    SteadyTime good_until{};
    bool asking = false;
    std::uint64_t asked = 0;  ///< how often an answer has come
    Result<void> last = ok();
    std::vector<loop::Event*> waiting;
};

/// A call that waits for an answer which is under way.
class AccessTokens::Waiter {
public:
    Waiter(loop::Loop& loop, std::shared_ptr<Entry> entry) : event(loop), entry_(std::move(entry)) {
        entry_->waiting.push_back(&event);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { std::erase(entry_->waiting, &event); }

    loop::Event event;

private:
    std::shared_ptr<Entry> entry_;
};

std::shared_ptr<AccessTokens::Entry> AccessTokens::entry_of(const std::string& id) {
    auto found = entries_.find(id);
    if (found != entries_.end())
        return found->second;
    if (entries_.size() >= entries_max)
        std::erase_if(entries_, [](const auto& each) { return !each.second->asking; });
    return entries_.emplace(id, std::make_shared<Entry>()).first->second;
}

loop::Task<Result<AccessTokens::Given>> AccessTokens::get(Wanted wanted) {
    auto entry = entry_of(wanted.id);
    if (parts_.loop.now() < entry->good_until)
        co_return Given{entry->token, entry->asked, true};
    auto before = entry->asked;
    if (!entry->asking) {
        // A task of its own: the call that began it may leave, and others wait for it.
        entry->asking = true;
        auto fetching = fetch(entry, std::move(wanted));
        loop::spawn(parts_.loop, std::move(fetching), "access token");
    }
    Waiter waiter(parts_.loop, entry);
    auto until = parts_.loop.now() + 2 * longest;
    while (entry->asked == before) {
        bool told = co_await waiter.event.until(until);
        if (!told)
            co_return fail(Code::upstream_timeout, "no access token came for its key");
    }
    if (!entry->last)
        co_return entry->last.error();
    co_return Given{entry->token, entry->asked, false};
}

void AccessTokens::forget(const std::string& id, std::uint64_t number) {
    auto found = entries_.find(id);
    if (found != entries_.end() && found->second->asked == number)
        found->second->good_until = {};
}

loop::Task<Result<providers::AccessToken>> AccessTokens::ask(Wanted wanted) {
    auto sign = [wanted = std::move(wanted), now = parts_.clock.wall()] {
        return make_token_call(*wanted.provider, wanted.endpoint, wanted.proxy, now);
    };
    auto call = co_await loop::run_blocking(parts_.workers, std::move(sign));
    if (!call)
        co_return call.error();
    co_return co_await ask_for_token(parts_.pool, *call);
}

loop::Task<Result<void>> AccessTokens::fetch(std::shared_ptr<Entry> entry, Wanted wanted) {
    auto token = co_await ask(std::move(wanted));
    entry->asking = false;
    ++entry->asked;
    entry->last = token ? ok() : Result<void>(token.error());
    if (token) {
        // Half of a life that is shorter than the margin.
        auto kept = std::max(token->lifetime - margin, token->lifetime / 2);
        entry->token = std::move(token->value);
        entry->good_until = parts_.loop.now() + kept;
    }
    for (auto* event : entry->waiting)
        event->notify();
    co_return ok();  // whoever waits tells what went wrong
}

}  // namespace obliv::relay
