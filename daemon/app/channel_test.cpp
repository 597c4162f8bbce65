#include "daemon/app/channel_test.hpp"

#include "core/llm/chat_call.hpp"
#include "core/llm/redact.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>

namespace obliv::daemon {
namespace {

constexpr auto longest = std::chrono::seconds(30);
constexpr std::size_t reply_bytes_max = 1U << 20;
constexpr std::size_t shown_bytes_max = 400;

/// What the asking thread waits for; shared, because it may stop waiting first.
struct Question {
    relay::Target target;
    std::string head;
    std::string body;
    std::promise<admin::ChannelTest> answer;
};

std::string said(std::string_view body) {
    auto reply = nlohmann::json::parse(body, nullptr, false);
    auto content = nlohmann::json::json_pointer("/choices/0/message/content");
    if (reply.is_discarded() || !reply.contains(content) || !reply[content].is_string())
        return {};
    return llm::redact(reply[content].get<std::string>(), shown_bytes_max);
}

void judge(admin::ChannelTest& test, std::string_view body) {
    test.ok = test.status >= 200 && test.status < 300;
    test.reply = said(body);
    if (test.ok && test.reply.empty() && body.find("\"choices\"") == std::string_view::npos) {
        test.ok = false;
        test.error = "the reply is not a chat completion";
    }
    if (test.status >= 300)
        test.error = relay::refusal("", test.status, body, std::nullopt).message;
}

asio::awaitable<Result<void>> ask(upstream::Pool& pool, std::shared_ptr<Question> question) {
    admin::ChannelTest test;
    auto begun = real_clock().steady();
    std::array<std::string_view, 2> pieces{question->head, question->body};
    std::span<const std::string_view> request(pieces);
    auto call =
        co_await pool.open(question->target.endpoint, "POST", request, question->target.timeouts);
    if (!call) {
        test.error = call.error().message;
    } else {
        test.status = call->status();
        auto body = co_await call->read_all(reply_bytes_max);
        if (body)
            judge(test, *body);
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
                                        relay::Target target, const providers::Provider* provider,
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
    question->body =
        "{\"model\":" + llm::json_quoted(model) +
        ",\"messages\":[{\"role\":\"user\",\"content\":\"Say ok.\"}],\"max_tokens\":8}";
    question->target.append_line(question->head, *provider,
                                 *providers::chat_offer(*provider, nullptr), model, false);
    question->head += question->target.heads.front() +
                      "content-length: " + std::to_string(question->body.size()) + "\r\n\r\n";
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
