#include "daemon/relay/chat.hpp"
#include "daemon/relay/relay.hpp"

#include <memory>
#include <utility>

namespace obliv::relay {

/// Asks the other models of the list, as far as the caller may call them and can pay for them.
loop::Task<Result<void>> Relay::fall_back(Chat& chat, Result<void> last) {
    const auto& wish = chat.opening->wish;
    auto listed = settings_.fallbacks.find(wish.model);
    if (listed == settings_.fallbacks.end())
        co_return last;            // the settings have changed since the model was asked
    auto others = listed->second;  // a copy, for the same reason
    for (const auto& other : others) {
        if (!chat.caller->may_call(other))
            continue;
        auto next = wish;
        next.model = other;
        auto found = parts_.channels.route(next);
        if (!found || !may_pay(chat, found->plan()))
            continue;
        chat.candidates = std::move(*found);
        chat.opening->require(chat.candidates);
        chat.opening->model_instead = other;
        last = co_await open_first(chat);
        if ((last && !chat.other_model) || chat.gone())
            break;
    }
    co_return last;
}

}  // namespace obliv::relay
