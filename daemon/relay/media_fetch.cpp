#include "core/llm/estimate.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/wire/media_needs.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/upstream/download.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

constexpr std::size_t media_per_call_max = 32;

/// The most tokens that something fetched may be: a text has two bytes a token at least, as the
/// body of a call; pictures cost up to a few thousand, and sound and pages far less than a token
/// for 64 bytes.
std::int64_t tokens_at_most(const upstream::Download& fetched) {
    const auto& type = fetched.media_type;
    constexpr std::int64_t picture_tokens = 3000;
    constexpr std::int64_t bytes_per_token = 64;
    bool text = type.empty() || type.starts_with("text/") || type.ends_with("json") ||
                type.ends_with("xml");
    if (text)
        return llm::input_tokens_bound(fetched.bytes);
    return std::max(picture_tokens,
                    static_cast<std::int64_t>(fetched.bytes.size()) / bytes_per_token);
}

}  // namespace

/// Fetches what the channel takes inline only, one after the other, within one share of time and
/// of bytes for all of it. The next channel finds it in the request.
loop::Task<Result<void>> Relay::fetch_media(Chat& chat) {
    auto& failure = chat.opening->fetch_failure;
    if (failure)
        co_return *failure;
    auto conversion = chat.opening->conversion;
    auto rules = settings_.downloads;
    const auto& wanted = conversion->wanted();
    if (wanted.size() > media_per_call_max)
        co_return fail(Code::invalid_request, "a call may name 32 media by URLs that have to be "
                                              "fetched, this one names " +
                                                  std::to_string(wanted.size()));
    rules.memory = &parts_.memory;
    auto end = parts_.loop.now() + rules.time_max;
    for (auto* media : wanted) {
        using std::chrono::milliseconds;
        rules.time_max = std::chrono::duration_cast<milliseconds>(end - parts_.loop.now());
        auto url = media->data;
        auto got = co_await upstream::download(parts_.pool, std::move(url), rules, &chat.cancel);
        if (!got) {
            failure = got.error();
            co_return *failure;
        }
        rules.bytes_max -= std::min(rules.bytes_max, got->bytes.size());
        chat.opening->fetched_bytes += got->bytes.size();
        chat.opening->memory.join(std::move(got->share));
        auto tokens = tokens_at_most(*got);
        chat.input_estimate += tokens / 2;
        billing::Server server{chat.record.call.model_served, chat.record.call.channel};
        if (!parts_.billing.extend_input(chat.hold, server, tokens)) {
            failure = fail(Code::quota_exhausted,
                           "what the call names by URL may cost more than the account or the "
                           "budget has left");
            co_return *failure;
        }
        // Base64 of many megabytes takes longer than a loop may be kept busy.
        auto brought = std::make_shared<upstream::Download>(std::move(*got));
        auto work = [conversion, media, brought] {
            return wire::supply(*media, brought->bytes, brought->media_type);
        };
        auto supplied = co_await loop::run_blocking(parts_.workers, std::move(work));
        if (!supplied) {
            failure = supplied.error();
            co_return *failure;
        }
    }
    co_return ok();
}

}  // namespace obliv::relay
