#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "daemon/relay/chat.hpp"
#include "daemon/relay/race.hpp"
#include "daemon/relay/relay.hpp"

namespace obliv::relay {
namespace {

// An attempt that was stopped ends within a turn of the loop.
constexpr auto end_of_loser = std::chrono::milliseconds(200);

/// Lets the base forget a race whichever way it ends.
class Watch {
public:
    Watch(server::Exchange& base, Race& race) : base_(base) {
        base_.on_client_gone([&race] {
            race.first.tell_gone();
            race.second.tell_gone();
            race.changed.notify();
        });
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() {
        base_.on_client_gone({});
        base_.set_pulse(nullptr, nullptr);
    }

private:
    server::Exchange& base_;
};

}  // namespace

const Hedge* Relay::hedge_of(std::string_view model) const noexcept {
    for (const auto& hedge : settings_.hedges)
        if (names(hedge.model, model))
            return &hedge;
    return nullptr;
}

/// Two roads at most, of which the first with content reaches the caller. Both are this function
/// again, each with an exchange that only the winner's bytes pass.
loop::Task<Result<void>> Relay::serve_hedged(server::Exchange& exchange, Record& record,
                                             Inbound inbound, std::string_view body) {
    auto race = std::make_shared<Race>(exchange, body, inbound);
    race->record.call.time = record.call.time;
    race->after = hedge_of(record.call.model)->after;
    race->inbound.contender = &race->second;
    inbound.contender = &race->first;
    Watch watch(exchange, *race);
    auto ended = std::make_shared<loop::Event>(parts_.loop);
    auto note_end = [ended](const Result<void>&) { ended->notify(); };
    loop::spawn(parts_.loop, run_second(race), "hedge", std::move(note_end));
    auto first = co_await serve(race->first, record, std::move(inbound));
    race->first_ended = true;
    race->changed.notify();
    co_await ended->until(SteadyTime::max());
    if (race->winner != &race->second)
        co_return first;
    record = std::move(race->record);
    co_return race->second_result;
}

/// Waits until the first road has been silent for too long, and goes the second.
loop::Task<Result<void>> Relay::run_second(std::shared_ptr<Race> race) {
    while (race->winner == nullptr && !race->first_ended) {
        auto at = race->hedge_at;
        bool changed = co_await race->changed.until(at);
        if (!changed && at == race->hedge_at)
            break;
    }
    if (race->winner != nullptr || race->first_ended || race->second.client_gone())
        co_return ok();
    race->second_begun = race->second_runs = true;
    auto inbound = race->inbound;
    race->second_result = co_await serve(race->second, race->record, std::move(inbound));
    race->second_runs = false;
    race->second_end.event.notify();
    co_return ok();
}

/// Whether this road of a hedged call is the one that is billed. What the other one has cost is the
/// operator's, and is told in the record of this one.
loop::Task<bool> Relay::settles(Chat& chat) {
    auto& contender = *chat.inbound.contender;
    auto& race = contender.race();
    if (!race.second_begun)
        co_return true;
    auto& mine = contender.is_second() ? race.second_end : race.first_end;
    auto& others = contender.is_second() ? race.first_end : race.second_end;
    if (race.winner == &contender) {
        auto until = parts_.loop.now() + end_of_loser;
        if (!others.left)
            co_await others.event.until(until);
    } else {
        mine.leave(std::move(chat.log), chat.record.call.attempts);
        // Undecided: whatever the second road brings counts.
        if (race.winner == nullptr && race.second_runs && !contender.is_second())
            co_await others.event.until(SteadyTime::max());
        if (race.is_lost_for(contender)) {
            chat.hold.release();
            co_return false;
        }
        chat.log = std::move(mine.log);
    }
    chat.log.adopt(std::move(others.log));
    chat.record.call.attempts += others.attempts;
    co_return true;
}

/// The call has something to show. If the other road was first it ends like a call whose client
/// has gone.
void Relay::claim(Chat& chat) {
    auto& contender = *chat.inbound.contender;
    contender.claim();
    if (contender.race().second_begun)
        chat.log.tell_all();
}

}  // namespace obliv::relay
