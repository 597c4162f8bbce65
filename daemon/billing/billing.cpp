#include "daemon/billing/billing.hpp"

#include "core/base/log.hpp"
#include "core/loop/event.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/timer_wheel.hpp"
#include "daemon/billing/till.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <vector>

namespace obliv::billing {
namespace {

constexpr std::chrono::seconds power_wait{30};

/// A coroutine that waits for its call to be on disk.
struct Waiter {
    explicit Waiter(loop::Loop& loop) : stored(loop) {}
    loop::Event stored;
};

/// The loop's own. Shared with the handlers that are posted to it, which may outlive Billing.
using Waiters = std::unordered_map<ChargeId, std::shared_ptr<Waiter>>;

void wake(Waiters& waiters, const std::vector<ChargeId>& stored) {
    for (auto id : stored) {
        auto found = waiters.find(id);
        if (found != waiters.end())
            found->second->stored.notify();
    }
}

}  // namespace

struct Billing::Impl {
    Impl(Books& shared, unsigned number, loop::Loop& on)
        : books(shared), loop(on), till(shared, number, listener()),
          sweep_interval(std::min<std::chrono::milliseconds>(shared.options().hold_limit / 4,
                                                             std::chrono::minutes(1))),
          sweeping(on.timers(), sweep, this) {}

    Till::Committed listener() {
        if (books.options().durability != Durability::power)
            return {};
        return [&to = loop, waiting = waiters](std::span<const storage::Appended> calls) {
            std::vector<ChargeId> stored;
            for (const auto& each : calls)
                stored.push_back(each.call.id);
            to.post([waiting, stored = std::move(stored)] { wake(*waiting, stored); });
        };
    }

    loop::Task<Result<void>> stored(ChargeId id);
    void wait_to_sweep();
    static void sweep(void* self);

    Books& books;
    loop::Loop& loop;
    std::shared_ptr<Waiters> waiters = std::make_shared<Waiters>();
    Till till;
    std::chrono::milliseconds sweep_interval;
    loop::Timer sweeping;  // armed while there are holds, and for a turn more
};

// Nothing suspends between charge() and the registration here, and waking is posted to this loop:
// a commit cannot slip through in between.
loop::Task<Result<void>> Billing::Impl::stored(ChargeId id) {
    auto waiter = std::make_shared<Waiter>(loop);
    auto all = waiters;
    all->emplace(id, waiter);
    auto end = loop.now() + power_wait;
    bool stored = co_await waiter->stored.until(end);
    all->erase(id);
    if (stored)
        co_return ok();
    co_return fail(Code::unavailable, "the call is charged, but the disk has not confirmed it");
}

void Billing::Impl::wait_to_sweep() {
    sweeping.arm(loop.now() + sweep_interval);
}

void Billing::Impl::sweep(void* self) {
    auto& impl = *static_cast<Impl*>(self);
    auto interval = impl.sweep_interval;
    // One turn more: the first may be as good as over when a hold is made.
    auto turns = (impl.books.options().hold_limit - std::chrono::milliseconds(1)) / interval + 2;
    auto swept = impl.till.sweep(static_cast<std::uint16_t>(turns));
    if (swept.holds > 0)
        log::write(log::Level::warning, "reservations older than billing.hold_limit went back",
                   {{"reservations", swept.holds}, {"amount", swept.amount.text()}});
    if (impl.till.holds_open())
        impl.wait_to_sweep();
}

Billing::Billing(Books& books, unsigned loop_number, loop::Loop& loop)
    : impl_(std::make_unique<Impl>(books, loop_number, loop)) {}

Billing::~Billing() = default;

Result<Hold> Billing::reserve(const Ask& ask) {
    auto hold = impl_->till.reserve(ask);
    if (!impl_->sweeping.armed())
        impl_->wait_to_sweep();
    return hold;
}

Result<void> Billing::cover(Hold& hold, const Ask& ask) {
    return impl_->till.cover(hold, ask);
}

bool Billing::extend(Hold& hold, const Server& server, std::int64_t output_tokens) {
    return impl_->till.extend(hold, server, output_tokens);
}

bool Billing::extend_input(Hold& hold, const Server& server, std::int64_t input_tokens) {
    return impl_->till.extend_input(hold, server, input_tokens);
}

ChargeId Billing::next_id() const noexcept {
    return impl_->books.next_id();
}

loop::Task<Result<Money>> Billing::settle(Hold&& hold, storage::Call&& call,
                                          std::int64_t share_millionths) {
    auto receipt = charge(std::move(hold), std::move(call), share_millionths);
    if (!receipt)
        co_return receipt.error();
    auto id = receipt->id;
    auto durable = co_await stored(id);
    if (!durable)
        co_return durable.error();
    co_return receipt->cost;
}

Result<Receipt> Billing::charge(Hold&& hold, storage::Call&& call, std::int64_t share_millionths) {
    return impl_->till.charge(std::move(hold), std::move(call), share_millionths);
}

loop::Task<Result<void>> Billing::stored(ChargeId charge) {
    bool power = impl_->books.options().durability == Durability::power;
    return power ? impl_->stored(charge) : loop::ended(ok());
}

}  // namespace obliv::billing
