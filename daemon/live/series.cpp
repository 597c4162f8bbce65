#include "daemon/live/series.hpp"

namespace obliv::live {

void Series::Ring::add(std::int64_t second, const Tally& calls) {
    if (slots_.empty())
        slots_.resize(count_);
    auto index = second / seconds_;
    auto& slot = slots_[static_cast<std::size_t>(index) % count_];
    if (index < slot.index)
        return;  // from before all that the ring reaches back to
    if (slot.index != index)
        slot = {index, {}};
    slot.tally.add(calls);
}

void Series::Ring::merge(const Ring& other) {
    for (const auto& slot : other.slots_)
        if (slot.index >= 0)
            add(slot.index * seconds_, slot.tally);
}

const Series::Slot* Series::Ring::find(std::int64_t index) const noexcept {
    if (slots_.empty())
        return nullptr;
    const auto& slot = slots_[static_cast<std::size_t>(index) % count_];
    return slot.index == index ? &slot : nullptr;
}

void Series::Ring::sum(std::int64_t first, std::int64_t last, Tally& into) const {
    for (const auto& slot : slots_)
        if (slot.index >= first / seconds_ && slot.index <= last / seconds_)
            into.add(slot.tally);
}

void Series::roll(std::int64_t second) {
    if (current_.tally.requests > 0) {
        tens_.add(current_.index, current_.tally);
        minutes_.add(current_.index, current_.tally);
        half_hours_.add(current_.index, current_.tally);
        previous_ = current_;
    }
    current_ = {second, {}};
}

void Series::add_past(std::int64_t second, const Tally& calls) {
    half_hours_.add(second, calls);
}

void Series::merge(std::int64_t now, Series& other) {
    other.roll(now);
    tens_.merge(other.tens_);
    minutes_.merge(other.minutes_);
    half_hours_.merge(other.half_hours_);
}

Tally Series::sum(Window window, std::int64_t now) const {
    Tally out;
    if (window == Window::second) {
        for (const auto* slot : {&current_, &previous_})
            if (slot->index == now - 1)
                out.add(slot->tally);
        return out;
    }
    const auto& ring = window == Window::five_minutes ? tens_
                       : window == Window::hour       ? minutes_
                                                      : half_hours_;
    ring.sum(now - ring.span(), now, out);
    if (current_.index > now - ring.span())
        out.add(current_.tally);
    return out;
}

Tally Series::since(std::int64_t second, std::int64_t now) const {
    Tally out;
    half_hours_.sum(second, now, out);
    if (current_.index >= second)
        out.add(current_.tally);
    return out;
}

std::vector<Tally> Series::minutes(std::int64_t now) const {
    std::vector<Tally> out;
    for (std::int64_t minute = now / 60 - 59; minute <= now / 60; ++minute) {
        auto& tally = out.emplace_back();
        if (const auto* slot = minutes_.find(minute))
            tally.add(slot->tally);
        if (current_.index / 60 == minute)
            tally.add(current_.tally);
    }
    return out;
}

}  // namespace obliv::live
