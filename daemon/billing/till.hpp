#pragma once

#include "daemon/billing/books.hpp"
#include "daemon/billing/hold.hpp"

#include <functional>
#include <memory>
#include <span>

namespace obliv::billing {

/// The part of Billing that needs no loop: reserving, charging and releasing, on the thread of one
/// loop.
class Till final : public storage::CommitListener {
public:
    /// Told on the writer's thread which calls are on disk.
    using Committed = std::function<void(std::span<const storage::Appended>)>;

    Till(Books& books, unsigned number, Committed committed = {});
    Till(const Till&) = delete;
    Till& operator=(const Till&) = delete;

    /// See Billing::reserve.
    Result<Hold> reserve(const Ask& ask);
    /// See Billing::cover.
    Result<void> cover(Hold& hold, const Ask& ask);
    /// See Billing::extend.
    bool extend(Hold& hold, const Server& server, std::int64_t output_tokens);
    /// See Billing::extend_input.
    bool extend_input(Hold& hold, const Server& server, std::int64_t input_tokens);
    /// What the sweeper gave back.
    struct Swept {
        std::int64_t holds = 0;
        Money amount;
    };
    /// One turn of the sweeper: the money of every hold that has seen `turns_max` of them goes back
    /// to where it came from. Such a hold stays open, and can be charged.
    Swept sweep(std::uint16_t turns_max);
    /// Whether there is anything to sweep, now or later.
    bool holds_open() const noexcept { return !open_.empty(); }
    /// Ends the hold: charges the call, writes it into a slot of the ring and queues it for the
    /// store. Counts of units are taken as 0 to a thousand million, searches to 65,535: what a
    /// broken provider may claim beyond is no usage.
    Result<Receipt> charge(Hold&& hold, storage::Call&& call,
                           std::int64_t share_millionths = whole_price);

    /// Writer thread.
    void committed(std::span<const storage::Appended> calls) noexcept override;

private:
    friend class Hold;
    struct Quote;
    Result<Quote> quote(const BooksView& view, const Ask& ask, bool limited,
                        std::int64_t share) const;
    Result<void> may_ask(const Ask& ask) const;
    static Money hold_more(const Hold& hold, Money amount) noexcept;
    static const llm::Price* rate_of(const Hold& hold, const Server& server,
                                     const llm::Usage& usage);
    static Money price_of_more(const Hold& hold, const Server& server, std::int64_t input_tokens,
                               std::int64_t output_tokens);
    static void give_back(const Hold& hold, Money amount) noexcept;
    static void end(Hold& hold) noexcept;
    Result<void> set_aside(Hold& hold, const Ask& ask) const;
    Result<void> set_periods_aside(Hold& hold, const Ask& ask,
                                   const std::vector<std::shared_ptr<PeriodBudget>>& budgets) const;
    void release(Hold& hold) noexcept;

    Books& books_;
    RingPartition& ring_;
    Counter& counter_;
    Committed committed_;
    std::shared_ptr<const BooksView> view_;  // the loop's; renewed when the books' version changes
    std::uint64_t version_ = 0;
    HoldRing open_;                            // but those that were swept
    std::uint16_t turn_ = 0;                   // of the sweeper
    std::vector<std::uint32_t> stored_slots_;  // the writer thread's
};

}  // namespace obliv::billing
