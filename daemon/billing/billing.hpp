#pragma once

#include "core/base/result.hpp"
#include "core/loop/task.hpp"
#include "core/storage/usage.hpp"
#include "daemon/billing/hold.hpp"

#include <memory>

namespace obliv::loop {
class Loop;
}

namespace obliv::billing {

class Books;

/// The money side of one loop: every function is called on that loop. app.cpp makes one for each
/// loop, numbered from zero, over the shared Books; it outlives the loop's connections.
class Billing {
public:
    Billing(Books& books, unsigned loop_number, loop::Loop& loop);
    Billing(const Billing&) = delete;
    Billing& operator=(const Billing&) = delete;
    ~Billing();  // after the store's writer was stopped

    /// Sets the most that the call can cost aside, on the account and on the token's budget, and
    /// is promised a slot of the intent ring. Never blocks.
    /// quota_exhausted: what is short, and by how much · forbidden: a model without a price, for a
    /// caller who pays by price · overloaded: the ring is full · unavailable: the disk fails.
    Result<Hold> reserve(const Ask& ask);

    /// Others than foreseen are to serve the call: sets as much more aside as it may cost by them.
    /// quota_exhausted and forbidden as of reserve(); the hold stays as it was.
    Result<void> cover(Hold& hold, const Ask& ask);

    /// Sets more aside for a call that goes on beyond what was foreseen: the price of so many
    /// tokens of output of who serves it, or as much of it as account and budget still
    /// have. False: nothing is left.
    bool extend(Hold& hold, const Server& server, std::int64_t output_tokens);

    /// Sets the price of so many tokens of input aside, which turned out to be there after the
    /// call was let in. False: account and budget do not have it.
    bool extend_input(Hold& hold, const Server& server, std::int64_t input_tokens);

    /// Charges what `call.usage` cost and stores the call. The caller fills everything but id,
    /// price, share, held, cost and loss. Returns when no kill can undo it; with durability "power"
    /// when the disk has it, or after 30 seconds with unavailable (it is charged then
    /// nevertheless). A call that consumed nothing (UsageSource::none) costs nothing, and is stored
    /// too. The answer is what was charged: the log line and the metrics of the call tell it.
    /// `share_millionths` is of the price, beside what the group pays and what the price says of
    /// UsageSource::batch.
    /// Both are the caller's until the answer is there.
    loop::Task<Result<Money>> settle(Hold&& hold, storage::Call&& call,
                                     std::int64_t share_millionths = whole_price);

    /// settle() in two steps. What nobody can undo after the first: that the call was charged.
    Result<Receipt> charge(Hold&& hold, storage::Call&& call,
                           std::int64_t share_millionths = whole_price);
    /// The second, before the loop does anything else. With durability "power" it returns when the
    /// disk has the charge, or with unavailable after 30 seconds; else there is no need to wait.
    loop::Task<Result<void>> stored(ChargeId charge);

    /// No charge that is made from now on has a smaller id.
    ChargeId next_id() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace obliv::billing
