#include "daemon/billing/billing.hpp"

#include "daemon/billing/till.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <unordered_map>
#include <vector>

namespace obliv::billing {
namespace {

constexpr std::chrono::seconds power_wait{30};

/// A coroutine that waits for its call to be on disk.
struct Waiter {
    explicit Waiter(const asio::any_io_executor& loop) : timer(loop) {}
    asio::steady_timer timer;
    bool stored = false;
};

/// The loop's own. Shared with the handlers that are posted to it, which may outlive Billing.
using Waiters = std::unordered_map<ChargeId, std::shared_ptr<Waiter>>;

void wake(Waiters& waiters, const std::vector<ChargeId>& stored) {
    for (auto id : stored) {
        auto found = waiters.find(id);
        if (found == waiters.end())
            continue;
        found->second->stored = true;
        found->second->timer.cancel();
    }
}

}  // namespace

struct Billing::Impl {
    Impl(Books& shared, unsigned number, asio::any_io_executor executor)
        : books(shared), loop(std::move(executor)), till(shared, number, listener()) {}

    Till::Committed listener() {
        if (books.options().durability != Durability::power)
            return {};
        return [to = loop, waiting = waiters](std::span<const storage::Appended> calls) {
            std::vector<ChargeId> stored;
            for (const auto& each : calls)
                stored.push_back(each.call.id);
            asio::post(to, [waiting, stored = std::move(stored)] { wake(*waiting, stored); });
        };
    }

    asio::awaitable<Result<void>> stored(ChargeId id);

    Books& books;
    asio::any_io_executor loop;
    std::shared_ptr<Waiters> waiters = std::make_shared<Waiters>();
    Till till;
};

// Nothing suspends between charge() and the registration here, and waking is posted to this loop:
// a commit cannot slip through in between.
asio::awaitable<Result<void>> Billing::Impl::stored(ChargeId id) {
    auto waiter = std::make_shared<Waiter>(loop);
    waiter->timer.expires_after(power_wait);
    auto all = waiters;
    all->emplace(id, waiter);
    auto token = asio::as_tuple(asio::use_awaitable);
    co_await waiter->timer.async_wait(token);
    all->erase(id);
    if (waiter->stored)
        co_return ok();
    co_return fail(Code::unavailable, "the call is charged, but the disk has not confirmed it");
}

Billing::Billing(Books& books, unsigned loop_number, asio::any_io_executor loop)
    : impl_(std::make_unique<Impl>(books, loop_number, std::move(loop))) {}

Billing::~Billing() = default;

Result<Hold> Billing::reserve(const Ask& ask) {
    return impl_->till.reserve(ask);
}

asio::awaitable<Result<Money>> Billing::settle(Hold hold, storage::Call call) {
    auto receipt = impl_->till.charge(std::move(hold), std::move(call));
    if (!receipt)
        co_return receipt.error();
    if (impl_->books.options().durability != Durability::power)
        co_return receipt->cost;
    auto id = receipt->id;
    auto stored = co_await impl_->stored(id);
    if (!stored)
        co_return stored.error();
    co_return receipt->cost;
}

}  // namespace obliv::billing
