#include "daemon/app/channel_test.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "daemon/relay/access_tokens.hpp"
#include "daemon/relay/probe.hpp"
#include "daemon/relay/request_head.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <algorithm>
#include <future>

namespace obliv::daemon {
namespace {

constexpr auto grace = std::chrono::seconds(15);
constexpr std::size_t reply_bytes_max = 1U << 20;
constexpr int switching_protocols = 101;

/// What the asking thread waits for; shared, because it may stop waiting first.
struct Asked {
    std::shared_ptr<const channels::Entry> channel;
    relay::Target target;
    std::string_view method = "POST";
    bool list = false;  ///< the models are asked for, nothing of them
    relay::Probe probe;
    std::optional<relay::TokenCall> token;  ///< to be made first
    std::promise<admin::ChannelTest> answer;
};

void judge(admin::ChannelTest& test, const Asked& asked, std::string_view body) {
    if (asked.probe.dialogue != nullptr && test.status == switching_protocols)
        test.status = 200;
    test.ok = test.status >= 200 && test.status < 300;
    if (!test.ok) {
        test.error = relay::refusal("", test.status, body, std::nullopt).message;
        return;
    }
    if (asked.list)
        return;
    auto said = relay::read_probe(*asked.channel, body);
    test.ok = said.has_value();
    if (said)
        test.reply = std::move(*said);
    else
        test.error = said.error().message;
}

/// Exchanges the key for a token, where that comes first.
loop::Task<Result<void>> authorize(upstream::Pool& pool, Asked& asked) {
    if (!asked.token)
        co_return ok();
    auto token = co_await relay::ask_for_token(pool, *asked.token);
    if (!token)
        co_return token.error();
    relay::add_token(asked.probe.head, *asked.token->provider, token->value);
    co_return ok();
}

/// What a provider says over a WebSocket, until that is a reply or as long as it says anything.
loop::Task<Result<std::string>> converse(upstream::Call& call, const Asked& asked) {
    auto& dialogue = *asked.probe.dialogue;
    if (auto agreed = relay::check_handshake(call.head(), dialogue.key()); !agreed)
        co_return agreed.error();
    auto question = dialogue.take_question();
    auto sent = co_await call.send(question);
    if (!sent)
        co_return sent.error();
    std::string said;
    while (!dialogue.closed() && said.size() < reply_bytes_max) {
        auto read = co_await call.next();
        if (!read)
            co_return read.error();
        if (auto heard = dialogue.hear(call.chunk().payload); !heard)
            co_return heard.error();
        for (auto piece : dialogue.heard())
            said += piece;
        if (call.chunk().last || relay::is_whole(*asked.channel, said))
            break;
    }
    co_return said;
}

loop::Task<Result<std::string>> read_reply(upstream::Call& call, const Asked& asked) {
    if (asked.probe.dialogue != nullptr && call.status() == switching_protocols)
        co_return co_await converse(call, asked);
    auto body = co_await call.read_all(reply_bytes_max);
    if (!body)
        co_return body.error();
    co_return std::string(*body);
}

loop::Task<Result<void>> ask(upstream::Pool& pool, std::shared_ptr<Asked> asked) {
    admin::ChannelTest test;
    auto begun = real_clock().steady();
    auto authorized = co_await authorize(pool, *asked);
    if (!authorized) {
        test.error = authorized.error().message;
        asked->answer.set_value(std::move(test));
        co_return ok();
    }
    std::array<std::string_view, 2> pieces{asked->probe.head, asked->probe.body};
    std::span<const std::string_view> request(pieces);
    auto call =
        co_await pool.open(asked->target.endpoint, asked->method, request, asked->target.timeouts);
    if (!call) {
        test.error = call.error().message;
    } else {
        test.status = call->status();
        auto body = co_await read_reply(*call, *asked);
        if (body)
            judge(test, *asked, *body);
        else
            test.error = body.error().message;
    }
    test.latency =
        std::chrono::duration_cast<std::chrono::microseconds>(real_clock().steady() - begun);
    asked->answer.set_value(std::move(test));
    co_return ok();
}

/// The list of models, if it is asked for and there is one; else a tiny chat.
Result<void> write_request(Asked& asked, const Question& question) {
    const auto& entry = *asked.channel;
    const auto* list = providers::find_offer(*entry.provider, providers::Operation::models);
    const auto& clock = real_clock();
    if (!question.list_models || list == nullptr) {
        auto probe = relay::write_probe(entry, asked.target, question.key, question.model, clock);
        if (!probe)
            return probe.error();
        asked.probe = std::move(*probe);
        if (asked.probe.dialogue != nullptr)
            asked.method = http::websocket_method;
        return ok();
    }
    asked.list = true;
    asked.method = list->method;
    relay::Errand errand{entry, asked.target, *list, question.key, question.model};
    return relay::append_head(asked.probe.head, errand, {}, {}, clock);
}

Result<void> prepare_token(Asked& asked, std::size_t key) {
    const auto& channel = asked.channel->channel;
    const auto& provider = *asked.channel->provider;
    if (key >= channel.keys.size() || !providers::exchanges(provider, channel.keys[key]))
        return ok();
    auto call = relay::make_token_call(provider, {channel.base_url, channel.keys[key]},
                                       asked.target.proxy, real_clock().wall());
    if (!call)
        return call.error();
    asked.token = std::move(*call);
    return ok();
}

admin::ChannelTest without_call(std::string why) {
    admin::ChannelTest test;
    test.error = std::move(why);
    return test;
}

}  // namespace

Result<admin::ChannelTest> test_channel(loop::Loop& loop, upstream::Pool& pool,
                                        relay::Target target, const channels::Entry& channel,
                                        const Question& question) {
    if (!target.problem.empty())
        return without_call(target.problem);
    if (question.key >= target.heads.size())
        return without_call("the channel has no such key");
    auto asked = std::make_shared<Asked>();
    asked->channel = std::make_shared<const channels::Entry>(channel);
    asked->target = std::move(target);
    auto& timeouts = asked->target.timeouts;
    timeouts.total = question.limit;
    timeouts.connect = std::min<std::chrono::milliseconds>(timeouts.connect, question.limit);
    timeouts.first_byte = std::min<std::chrono::milliseconds>(timeouts.first_byte, question.limit);
    if (auto written = write_request(*asked, question); !written)
        return without_call(written.error().message);
    if (auto prepared = prepare_token(*asked, question.key); !prepared)
        return without_call(prepared.error().message);
    auto answer = asked->answer.get_future();
    loop.post([&loop, &pool, asked = std::move(asked)] {
        auto asking = ask(pool, asked);
        loop::spawn(loop, std::move(asking), "channel test");
    });
    // The call has its own limits; the rest is for a loop that is going down, which forgets it.
    if (answer.wait_for(question.limit + grace) == std::future_status::ready) {
        try {
            return answer.get();
        } catch (const std::future_error&) {
        }
    }
    return fail(Code::unavailable, "the test was not carried out: the daemon is stopping");
}

}  // namespace obliv::daemon
