#include "core/loop/event.hpp"

#include <utility>

namespace obliv::loop {

void Event::notify() noexcept {
    notified_ = true;
    end(true);
}

void Event::on_time(void* self) {
    static_cast<Event*>(self)->end(false);
}

void Event::end(bool notified) noexcept {
    timer_.cancel();
    if (auto* wait = std::exchange(waiting_, nullptr))
        loop_.resume_soon(*wait, notified);
}

void Event::Awaiter::await_suspend(std::coroutine_handle<> who) {
    wait_.who = who;
    event_.waiting_ = &wait_;
    if (until_ != SteadyTime::max())
        event_.timer_.arm(until_);
}

bool Event::Awaiter::await_resume() noexcept {
    return std::exchange(event_.notified_, false);
}

}  // namespace obliv::loop
