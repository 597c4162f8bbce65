#include "daemon/upstream/download.hpp"

#include "core/base/take_share.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "daemon/upstream/guard.hpp"
#include "daemon/upstream/pool.hpp"

#include <algorithm>
#include <array>

namespace obliv::upstream {
namespace {

constexpr std::size_t url_bytes_max = 8192;

Error refused(const std::string& host, std::string_view why) {
    return fail(Code::invalid_request,
                "nothing could be fetched from '" + visible(host) + "': " + std::string(why));
}

bool is_redirect(int status) {
    constexpr std::array redirects{301, 302, 303, 307, 308};
    return std::find(redirects.begin(), redirects.end(), status) != redirects.end();
}

std::string lower_type(std::string_view value) {
    auto type = std::string(trim(value.substr(0, value.find(';'))));
    std::transform(type.begin(), type.end(), type.begin(), lower);
    return type;
}

// Of media whose length nobody tells; what is more is asked for when it has come.
constexpr std::uint64_t untold_bytes_usual = 1U << 20;

/// It is there as it came, in base64 in the request, and once more in what is written of that.
std::int64_t memory_for(std::uint64_t bytes) {
    return static_cast<std::int64_t>(bytes) * 4;
}

Result<void> take_memory(Share& share, const DownloadRules& rules, std::uint64_t bytes) {
    if (rules.memory == nullptr)
        return ok();
    return take_share(share, *rules.memory, std::min(memory_for(bytes), rules.memory->most()));
}

/// One step of a download: what it brought, or where it goes on.
struct Step {
    Download download;
    std::string next;  ///< empty: this was the last
};

loop::Task<Result<Step>> step(Pool& pool, FetchUrl url, const DownloadRules& rules,
                              Timeouts timeouts, Cancel* cancel) {
    auto request = "GET " + url.target + " HTTP/1.1\r\nHost: " + url.endpoint.host_header() +
                   "\r\nUser-Agent: oblivd/" + std::string(version) +
                   "\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
    std::string_view piece = request;
    auto pieces = std::span<const std::string_view>(&piece, 1);
    const auto& host = url.endpoint.host;
    auto call = co_await pool.open(url.endpoint, "GET", pieces, timeouts, cancel);
    if (!call && call.error().code == Code::cancelled)
        co_return call.error();
    if (!call)
        co_return refused(host, call.error().code == Code::forbidden
                                    ? "it has no address that may be reached from here"
                                    : "no answer");
    Step out;
    const auto& head = call->head();
    if (is_redirect(call->status())) {
        out.next = std::string(head.headers.find("location").value_or(""));
        if (out.next.empty())
            co_return refused(host, "it redirects to nowhere");
        co_return out;
    }
    if (call->status() != 200)
        co_return refused(host, "status " + std::to_string(call->status()));
    auto encoding = head.headers.find("content-encoding").value_or("identity");
    if (!encoding.empty() && !equal_ignoring_case(encoding, "identity"))
        co_return refused(host, "it compressed its reply, which it was asked not to do");
    if (head.content_length.value_or(0) > rules.bytes_max)
        co_return refused(host, "more than " + std::to_string(rules.bytes_max) + " bytes");
    auto coming =
        std::min<std::uint64_t>(head.content_length.value_or(untold_bytes_usual), rules.bytes_max);
    if (auto taken = take_memory(out.download.share, rules, coming); !taken)
        co_return taken.error();
    out.download.media_type = lower_type(head.headers.find("content-type").value_or(""));
    auto body = co_await call->read_all(rules.bytes_max);
    if (!body && body.error().code == Code::cancelled)
        co_return body.error();
    if (!body)
        co_return refused(host, "it broke off, or sent more than " +
                                    std::to_string(rules.bytes_max) + " bytes");
    if (auto taken = take_memory(out.download.share, rules, body->size()); !taken)
        co_return taken.error();
    out.download.bytes = std::string(*body);
    out.download.share.resize(memory_for(body->size()));
    co_return out;
}

}  // namespace

loop::Task<Result<Download>> download(Pool& pool, std::string url, DownloadRules rules,
                                      Cancel* cancel) {
    auto end = pool.now() + rules.time_max;
    std::string before;
    for (int redirects = 0; redirects <= rules.redirects_max; ++redirects) {
        if (url.size() > url_bytes_max)
            co_return fail(Code::invalid_request, "the URL is longer than 8192 bytes");
        auto parsed = parse_fetch_url(url);
        if (!parsed && redirects > 0)
            co_return refused(before, "it redirects to what cannot be fetched");
        if (!parsed)
            co_return parsed.error();
        auto place = std::move(*parsed);
        place.endpoint.guard = rules.guard;
        auto base = place;
        before = base.endpoint.host;
        Timeouts timeouts;
        timeouts.total = std::chrono::duration_cast<std::chrono::milliseconds>(end - pool.now());
        if (timeouts.total.count() <= 0)
            co_return refused(base.endpoint.host, "it takes too long");
        timeouts.connect = timeouts.first_byte = timeouts.idle = timeouts.total;
        auto done = co_await step(pool, std::move(place), rules, timeouts, cancel);
        if (!done)
            co_return done.error();
        if (done->next.empty())
            co_return std::move(done->download);
        url = redirected(base, done->next);
    }
    co_return refused("the last of several hosts", "too many redirects");
}

}  // namespace obliv::upstream
