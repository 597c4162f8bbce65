// Images that a provider makes in the background. The task is begun, asked after until it has
// ended, and taken back when the caller has left; the caller sees a reply like any other.

#include "core/wire/image_tasks.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/run_blocking.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/relay/upstream_error.hpp"

#include <algorithm>
#include <array>

namespace obliv::relay {
namespace {

using channels::Cause;

constexpr std::size_t answer_bytes_max = 1U << 20;
// A task takes five seconds at best; who asks more often is told to go slower.
constexpr auto pause_first = std::chrono::milliseconds(1'000);
constexpr auto pause_last = std::chrono::milliseconds(5'000);
constexpr auto task_time_max = std::chrono::minutes(10);
constexpr auto cancel_patience = std::chrono::milliseconds(3'000);
constexpr int failures_max = 3;  // in a row, of asking after a task that runs

}  // namespace

struct Relay::TaskErrand {
    const Target& target;
    const providers::TaskApi& api;
    const std::string& key_head;
    std::string name;  ///< of the channel, for errors
    wire::ImageTask task{};
    std::string body{};  ///< of the request that begins it

    /// A request but for its body.
    std::string head(std::string_view method, std::string_view path, std::string_view behind,
                     std::string_view header, std::size_t length) const {
        std::string_view prefix = target.prefix;
        if (prefix.ends_with(api.below))
            prefix.remove_suffix(api.below.size());
        std::string out(method);
        out.append(" ").append(prefix).append(path).append(behind).append(" HTTP/1.1\r\n");
        out.append(key_head);
        if (!header.empty())
            out.append(header).append("\r\n");
        out.append("content-length: ").append(std::to_string(length)).append("\r\n\r\n");
        return out;
    }
    Error in(Error error) const { return std::move(error).in("channel '" + name + "'"); }
};

loop::Task<Result<void>> Relay::run_task(Chat& chat, const Target& target,
                                         const channels::Option& option, std::size_t key) {
    TaskErrand errand{target, *chat.offer->tasks, target.heads[key], option.entry->channel.name};
    std::string_view model = option.match.upstream_model;
    auto written = co_await write_task(chat, errand, model);
    if (!written)
        co_return chat.unfit(errand.in(std::move(written.error())));
    errand.body = std::move(*written);
    auto begun = co_await begin_task(chat, errand);
    if (!begun || chat.status >= 300)
        co_return begun;
    auto ended = co_await await_task(chat, errand);
    if (!ended && ended.error().code == Code::invalid_request)
        co_return chat.unfit(errand.in(std::move(ended.error())));
    if (!ended) {
        auto cause =
            ended.error().code == Code::upstream_timeout ? Cause::timeout : Cause::bad_reply;
        co_return chat.failed(cause, errand.in(std::move(ended.error())));
    }
    using Seconds = std::chrono::seconds;
    auto now = std::chrono::duration_cast<Seconds>(parts_.clock.wall().time_since_epoch());
    chat.opening->shaped = wire::image_task_reply(errand.task, now.count());
    chat.rare->media = std::make_unique<llm::MediaScan>(llm::MediaScan::Form::json, 1);
    std::array<std::string_view, 1> payload{chat.opening->shaped};
    chat.rare->media->feed(payload, chat.pieces);
    co_return ok();
}

/// The request that begins the task.
loop::Task<Result<std::string>> Relay::write_task(Chat& chat, const TaskErrand& errand,
                                                  std::string_view model) {
    auto& opening = *chat.opening;
    auto work = [&errand, body = opening.body, model] { return errand.api.write(body, model); };
    if (!opening.large)
        co_return work();
    if (auto taken = take_memory(opening.memory, parts_.memory, opening.body.size()); !taken)
        co_return taken.error();
    co_return co_await loop::run_blocking(parts_.workers, std::move(work));
}

/// The request that begins the task. Ok with a status over 300: the provider says that the call is
/// wrong.
loop::Task<Result<void>> Relay::begin_task(Chat& chat, TaskErrand& errand) {
    auto head = errand.head("POST", errand.api.submit, {}, errand.api.header, errand.body.size());
    std::array<std::string_view, 2> pieces{head, errand.body};
    auto call = co_await parts_.pool.open(errand.target.endpoint, "POST", pieces,
                                          errand.target.timeouts, &chat.cancel);
    if (!call) {
        auto cause =
            call.error().code == Code::upstream_timeout ? Cause::timeout : Cause::unreachable;
        co_return chat.failed(cause, errand.in(std::move(call.error())));
    }
    chat.upstream = std::move(*call);
    chat.status = errand.target.taken_for(chat.upstream.status());
    chat.log.set_status(chat.upstream.status());
    auto verdict = verdict_on(chat.status);
    if (verdict == Verdict::callers)
        co_return ok();
    auto answer = co_await chat.upstream.read_all(answer_bytes_max);
    std::string_view words = answer ? *answer : std::string_view{};
    if (verdict != Verdict::accepted)
        co_return chat.failed(channels::cause_of(chat.status),
                              refusal(errand.name, chat.status, words, std::nullopt));
    auto task = errand.api.read(words);
    if (!task)
        co_return chat.failed(Cause::bad_reply, errand.in(std::move(task.error())));
    errand.task = std::move(*task);
    co_return ok();
}

/// Until the task has ended, the caller has left or the time is over; of both of the latter the
/// provider is told.
loop::Task<Result<void>> Relay::await_task(Chat& chat, TaskErrand& errand) {
    using State = wire::ImageTask::State;
    auto until = parts_.loop.now() + task_time_max;
    auto length = pause_first;
    int failures = 0;
    Result<void> last = ok();
    while (errand.task.state == State::running) {
        if (chat.gone() || failures >= failures_max || parts_.loop.now() >= until)
            break;
        co_await pause(chat, length);
        length = std::min(length * 3 / 2, pause_last);
        if (chat.gone())
            continue;
        last = co_await poll_task(errand);
        failures = last ? 0 : failures + 1;
    }
    if (errand.task.state == State::succeeded)
        co_return ok();
    if (errand.task.state == State::failed)
        co_return errand.task.error;
    // One that runs already cannot be taken back, and the provider charges it.
    bool taken_back = co_await cancel_task(errand);
    chat.accepted = !taken_back;
    if (!last)
        co_return last.error();
    co_return fail(chat.gone() ? Code::cancelled : Code::upstream_timeout,
                   "the images were not made in time");
}

loop::Task<Result<void>> Relay::poll_task(TaskErrand& errand) {
    auto head = errand.head("GET", errand.api.tasks, errand.task.id, {}, 0);
    std::array<std::string_view, 1> pieces{head};
    auto call = co_await parts_.pool.open(errand.target.endpoint, "GET", pieces,
                                          errand.target.timeouts, nullptr);
    if (!call)
        co_return call.error();
    auto status = call->status();
    auto answer = co_await call->read_all(answer_bytes_max);
    if (!answer)
        co_return answer.error();
    if (verdict_on(status) != Verdict::accepted)
        co_return refusal(errand.name, status, *answer, std::nullopt);
    auto task = errand.api.read(*answer);
    if (!task)
        co_return task.error();
    errand.task = std::move(*task);
    co_return ok();
}

/// So that nobody pays for what nobody waits for. Whether it was in time.
loop::Task<bool> Relay::cancel_task(TaskErrand& errand) {
    auto behind = errand.task.id + std::string(errand.api.cancel);
    auto head = errand.head("POST", errand.api.tasks, behind, {}, 0);
    std::array<std::string_view, 1> pieces{head};
    auto timeouts = errand.target.timeouts;
    timeouts.total = cancel_patience;
    auto call =
        co_await parts_.pool.open(errand.target.endpoint, "POST", pieces, timeouts, nullptr);
    if (!call)
        co_return false;
    auto status = call->status();
    auto answer = co_await call->read_all(answer_bytes_max);
    bool taken_back = answer && verdict_on(status) == Verdict::accepted;
    co_return taken_back;
}

loop::Task<Result<void>> Relay::answer_task(Chat& chat) {
    chat.begin_reply();
    chat.end(ok());
    auto settled = co_await settle(chat);
    if (!settled)
        co_return settled.error();
    auto headers = chat.reply_headers();
    auto list = headers.view();
    co_return co_await chat.exchange.reply(chat.status, "application/json", list,
                                           chat.opening->shaped);
}

}  // namespace obliv::relay
