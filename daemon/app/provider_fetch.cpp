#include "daemon/app/provider_fetch.hpp"

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

using Document = Result<std::string>;

/// What the asking thread waits for; shared, because it may stop waiting first.
struct Question {
    relay::Target target;
    std::string head;
    std::promise<Document> answer;
};

loop::Task<Document> answer_of(upstream::Pool& pool, const Question& question) {
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
    co_return std::string(*body);
}

loop::Task<Result<void>> ask(upstream::Pool& pool, std::shared_ptr<Question> question) {
    auto document = co_await answer_of(pool, *question);
    question->answer.set_value(std::move(document));
    co_return ok();
}

/// The body of the provider's answer to `offer`, which is one of its own.
Document fetch(loop::Loop& loop, upstream::Pool& pool, relay::Target target,
               const channels::Entry& channel, std::size_t key, const providers::Offer& offer) {
    if (!target.problem.empty())
        return fail(Code::no_channel, target.problem);
    if (key >= target.heads.size())
        return fail(Code::no_channel, "the channel has no such key");
    auto question = std::make_shared<Question>();
    question->target = std::move(target);
    auto& timeouts = question->target.timeouts;
    timeouts.total = longest;
    timeouts.first_byte = std::min<std::chrono::milliseconds>(timeouts.first_byte, longest);
    relay::Errand errand{channel, question->target, offer, key, {}};
    auto made = relay::append_head(question->head, errand, {}, {}, real_clock());
    if (!made)
        return made.error();
    auto answer = question->answer.get_future();
    loop.post([&loop, &pool, question = std::move(question)] {
        auto asking = ask(pool, question);
        loop::spawn(loop, std::move(asking), "provider fetch");
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

}  // namespace

Result<std::vector<std::string>> fetch_models(loop::Loop& loop, upstream::Pool& pool,
                                              relay::Target target, const channels::Entry& channel,
                                              std::size_t key) {
    const auto* offer = providers::find_offer(*channel.provider, providers::Operation::models);
    if (offer == nullptr)
        return fail(Code::unsupported,
                    "a provider of type '" + channel.channel.type + "' has no list of its models");
    auto document = fetch(loop, pool, std::move(target), channel, key, *offer);
    if (!document)
        return document.error();
    return providers::model_names(*document);
}

Result<std::vector<providers::Balance>> fetch_balance(loop::Loop& loop, upstream::Pool& pool,
                                                      relay::Target target,
                                                      const channels::Entry& channel,
                                                      std::size_t key) {
    const auto* offer = providers::find_offer(*channel.provider, providers::Operation::balance);
    if (offer == nullptr)
        return fail(Code::unsupported, "a provider of type '" + channel.channel.type +
                                           "' does not tell what is left of a key's money");
    auto document = fetch(loop, pool, std::move(target), channel, key, *offer);
    if (!document)
        return document.error();
    return providers::balances(*document);
}

}  // namespace obliv::daemon
