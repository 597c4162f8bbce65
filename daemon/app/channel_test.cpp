#include "daemon/app/channel_test.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "daemon/relay/probe.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <algorithm>
#include <future>

namespace obliv::daemon {
namespace {

constexpr auto longest = std::chrono::seconds(30);
constexpr std::size_t reply_bytes_max = 1U << 20;

/// What the asking thread waits for; shared, because it may stop waiting first.
struct Question {
    std::shared_ptr<const channels::Entry> channel;
    relay::Target target;
    relay::Probe probe;
    std::promise<admin::ChannelTest> answer;
};

void judge(admin::ChannelTest& test, const channels::Entry& channel, std::string_view body) {
    test.ok = test.status >= 200 && test.status < 300;
    if (!test.ok) {
        test.error = relay::refusal("", test.status, body, std::nullopt).message;
        return;
    }
    auto said = relay::read_probe(channel, body);
    test.ok = said.has_value();
    if (said)
        test.reply = std::move(*said);
    else
        test.error = said.error().message;
}

asio::awaitable<Result<void>> ask(upstream::Pool& pool, std::shared_ptr<Question> question) {
    admin::ChannelTest test;
    auto begun = real_clock().steady();
    std::array<std::string_view, 2> pieces{question->probe.head, question->probe.body};
    std::span<const std::string_view> request(pieces);
    auto call =
        co_await pool.open(question->target.endpoint, "POST", request, question->target.timeouts);
    if (!call) {
        test.error = call.error().message;
    } else {
        test.status = call->status();
        auto body = co_await call->read_all(reply_bytes_max);
        if (body)
            judge(test, *question->channel, *body);
        else
            test.error = body.error().message;
    }
    test.latency =
        std::chrono::duration_cast<std::chrono::microseconds>(real_clock().steady() - begun);
    question->answer.set_value(std::move(test));
    co_return ok();
}

}  // namespace

Result<admin::ChannelTest> test_channel(loop::Loop& loop, upstream::Pool& pool,
                                        relay::Target target, const channels::Entry& channel,
                                        std::string_view model) {
    if (!target.problem.empty()) {
        admin::ChannelTest test;
        test.error = target.problem;
        return test;
    }
    auto question = std::make_shared<Question>();
    question->target = std::move(target);
    auto& timeouts = question->target.timeouts;
    timeouts.total = longest;
    timeouts.first_byte = std::min<std::chrono::milliseconds>(timeouts.first_byte, longest);
    question->channel = std::make_shared<const channels::Entry>(channel);
    auto probe = relay::write_probe(channel, question->target, 0, model, real_clock().wall());
    if (!probe) {
        admin::ChannelTest test;
        test.error = probe.error().message;
        return test;
    }
    question->probe = std::move(*probe);
    auto answer = question->answer.get_future();
    loop.post([&loop, &pool, question] {
        auto asking = ask(pool, question);
        loop::spawn(loop, std::move(asking), "channel test");
    });
    // The call has its own limits; this is for a loop that is going down.
    if (answer.wait_for(longest + std::chrono::seconds(15)) != std::future_status::ready)
        return fail(Code::unavailable, "the test was not carried out: the daemon is stopping");
    return answer.get();
}

}  // namespace obliv::daemon
