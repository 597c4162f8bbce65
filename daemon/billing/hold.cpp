#include "daemon/billing/hold.hpp"

#include "daemon/billing/period_budget.hpp"
#include "daemon/billing/till.hpp"

#include <utility>

namespace obliv::billing {

void HoldLink::link_before(HoldLink& place) noexcept {
    previous_ = place.previous_;
    next_ = &place;
    previous_->next_ = next_->previous_ = this;
}

void HoldLink::take_place_of(HoldLink& other) noexcept {
    if (!other.linked())
        return;
    previous_ = std::exchange(other.previous_, nullptr);
    next_ = std::exchange(other.next_, nullptr);
    previous_->next_ = next_->previous_ = this;
}

void HoldLink::unlink() noexcept {
    if (!linked())
        return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
}

Hold::Hold() noexcept = default;

Hold::Hold(Hold&& other) noexcept {
    *this = std::move(other);
}

Hold& Hold::operator=(Hold&& other) noexcept {
    if (this == &other)
        return *this;
    release();
    till_ = std::exchange(other.till_, nullptr);
    take_place_of(other);
    view_ = std::move(other.view_);
    account_ = other.account_;
    budget_ = other.budget_;
    periods_ = std::move(other.periods_);
    asked_prices_ = other.asked_prices_;
    dearest_price_ = other.dearest_price_;
    variant_ = std::move(other.variant_);
    amount_ = other.amount_;
    input_tokens_ = other.input_tokens_;
    output_tokens_ = other.output_tokens_;
    group_share_ = other.group_share_;
    turn_ = other.turn_;
    priced_ = other.priced_;
    limited_ = other.limited_;
    searches_cost_ = other.searches_cost_;
    return *this;
}

Hold::~Hold() {
    release();
}

void Hold::release() noexcept {
    if (till_)
        till_->release(*this);
}

}  // namespace obliv::billing
