#include "daemon/billing/hold.hpp"

#include "daemon/billing/period_budget.hpp"
#include "daemon/billing/till.hpp"

#include <utility>

namespace obliv::billing {

Hold::Hold() noexcept = default;

Hold::Hold(Hold&& other) noexcept {
    *this = std::move(other);
}

Hold& Hold::operator=(Hold&& other) noexcept {
    if (this == &other)
        return *this;
    release();
    till_ = std::exchange(other.till_, nullptr);
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
    priced_ = other.priced_;
    limited_ = other.limited_;
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
