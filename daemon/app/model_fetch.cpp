#include "daemon/app/model_fetch.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "core/providers/model_names.hpp"
#include "daemon/relay/request_head.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <optional>
#include <span>

namespace obliv::daemon {
namespace {

constexpr auto longest = std::chrono::seconds(30);
constexpr std::size_t reply_bytes_max = 8U << 20;

using Names = Result<std::vector<std::string>>;

/// What the asking thread waits for; shared, because it may stop waiting first.
struct Question {
    relay::Target target;
    std::string head;
    std::promise<Names> answer;
};

loop::Task<Names> answer_of(upstream::Pool& pool, const Question& question) {
    std::array<std::string_view, 1> pieces{question.head};
    std::span<const std::string_view> request(pieces);
    auto call =
        co_await pool.open(question.target.endpoint, "GET", request, question.target.timeouts);
    if (!call)
        co_return call.error();
    auto status = call->status();
    auto body = co_await call->read_all(reply_bytes_max);
    if (!body)
        co_return body.error();
    if (status >= 300)
        co_return relay::refusal("", status, *body, std::nullopt);
    co_return providers::model_names(*body);
}

loop::Task<Result<void>> ask(upstream::Pool& pool, std::shared_ptr<Question> question) {
    auto names = co_await answer_of(pool, *question);
    question->answer.set_value(std::move(names));
    co_return ok();
}

}  // namespace

Result<std::vector<std::string>> fetch_models(loop::Loop& loop, upstream::Pool& pool,
                                              relay::Target target, const channels::Entry& channel,
                                              std::size_t key) {
    if (!target.problem.empty())
        return fail(Code::no_channel, target.problem);
    if (key >= target.heads.size())
        return fail(Code::no_channel, "the channel has no such key");
    const auto* offer = providers::find_offer(*channel.provider, providers::Operation::models);
    if (offer == nullptr)
        return fail(Code::unsupported,
                    "a provider of type '" + channel.channel.type + "' has no list of its models");
    auto question = std::make_shared<Question>();
    question->target = std::move(target);
    auto& timeouts = question->target.timeouts;
    timeouts.total = longest;
    timeouts.first_byte = std::min<std::chrono::milliseconds>(timeouts.first_byte, longest);
    relay::Errand errand{channel, question->target, *offer, key, {}};
    auto made = relay::append_head(question->head, errand, {}, {}, real_clock().wall());
    if (!made)
        return made.error();
    auto answer = question->answer.get_future();
    loop.post([&loop, &pool, question = std::move(question)] {
        auto asking = ask(pool, question);
        loop::spawn(loop, std::move(asking), "list of models");
    });
    // The call has its own limits; this is for a loop that is going down.
    if (answer.wait_for(longest + std::chrono::seconds(15)) == std::future_status::ready) {
        try {
            return answer.get();
        } catch (const std::future_error&) {
        }
    }
    return fail(Code::unavailable, "the provider was not asked: the daemon is stopping");
}

}  // namespace obliv::daemon
