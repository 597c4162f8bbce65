#include "core/loop/timer_wheel.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <utility>

namespace obliv::loop {

Timer::~Timer() {
    cancel();
    if (linked_)
        wheel_->unlink(*this);
}

void Timer::arm(SteadyTime at) {
    at_ = at;
    if (!linked_ || at < linked_at_) {  // else its slot comes first, and will link it again
        if (linked_)
            wheel_->unlink(*this);
        wheel_->link(*this);
    }
    if (!std::exchange(armed_, true))
        wheel_->add_one();
}

void Timer::cancel() noexcept {
    // Its slot forgets it when it comes round, unless it is armed again before that.
    if (std::exchange(armed_, false))
        --wheel_->size_;
}

TimerWheel::TimerWheel(SteadyTime start, std::function<void()> on_first,
                       std::chrono::nanoseconds tick_length)
    : on_first_(std::move(on_first)), start_(start), tick_(tick_length) {}

std::int64_t TimerWheel::tick_of(SteadyTime at) const noexcept {
    // Rounded up: a timer is never early. SteadyTime::max() must not overflow on the way.
    auto distance = std::min(at, SteadyTime::max() - tick_) - start_;
    return (distance + tick_ - std::chrono::nanoseconds(1)) / tick_;
}

void TimerWheel::link(Timer& timer) {
    auto due = std::max(tick_of(timer.at_), current_ + 1);
    auto slot = static_cast<std::size_t>(due) % slots;
    timer.slot_ = static_cast<std::uint16_t>(slot);
    timer.linked_at_ = timer.at_;
    timer.previous_ = nullptr;
    timer.next_ = heads_[slot];
    if (timer.next_ != nullptr)
        timer.next_->previous_ = &timer;
    heads_[slot] = &timer;
    timer.linked_ = true;
    ++links_;
}

void TimerWheel::add_one() {
    if (++size_ == 1)
        on_first_();
}

void TimerWheel::unlink(Timer& timer) noexcept {
    if (cursor_ == &timer)
        cursor_ = timer.next_;
    if (timer.previous_ != nullptr)
        timer.previous_->next_ = timer.next_;
    else
        heads_[timer.slot_] = timer.next_;
    if (timer.next_ != nullptr)
        timer.next_->previous_ = timer.previous_;
    timer.linked_ = false;
    --links_;
}

void TimerWheel::run_slot(std::size_t slot, SteadyTime now) {
    // What is linked while this runs goes to the front of a list, behind the cursor: it waits for
    // its own turn, so that a timer that arms itself cannot keep us here.
    for (auto* timer = heads_[slot]; timer != nullptr; timer = cursor_) {
        cursor_ = timer->next_;
        if (timer->armed_ && timer->at_ > now) {
            if (timer->linked_at_ != timer->at_ ||
                tick_of(timer->at_) % std::int64_t{slots} != static_cast<std::int64_t>(slot)) {
                unlink(*timer);
                link(*timer);
            }
            continue;
        }
        unlink(*timer);
        if (!timer->armed_)
            continue;
        timer->cancel();
        timer->fire_(timer->owner_);
    }
    cursor_ = nullptr;
}

bool TimerWheel::advance(SteadyTime now) {
    auto target = (now - start_) / tick_;
    // After a long silence one round visits every slot; more would visit them again.
    current_ = std::max(current_, target - static_cast<std::int64_t>(slots));
    while (current_ < target && links_ > 0) {
        ++current_;
        run_slot(static_cast<std::size_t>(current_) % slots, now);
    }
    current_ = std::max(current_, target);
    return size_ > 0;
}

}  // namespace obliv::loop
