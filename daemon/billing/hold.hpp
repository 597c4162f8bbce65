#pragma once

#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/llm/usage.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace obliv::llm {
struct Price;
}
namespace obliv::ledger {
class Balance;
}

namespace obliv::billing {

class HeldPeriods;
class ModelPrices;
class Till;
struct BooksView;

/// A share of a price, in millionths.
inline constexpr std::int64_t whole_price = 1'000'000;

/// What a call may consume, before it is made. Nothing in it is kept.
struct Ask {
    TokenId token;
    AccountId account;
    std::string_view model;                 ///< that is paid for
    std::string_view asked{};               ///< what the row says was asked; empty: `model`
    std::span<const std::string> served;    ///< upstream names of the models that may serve it
    std::span<const ChannelId> channels{};  ///< that may serve it; none: whichever there are
    std::string_view variant{};             ///< of images: as llm::variant_of
    /// Upper bounds: `input` and `output` are tokens of whatever kind.
    llm::Usage at_most{};
    std::int64_t share_millionths = whole_price;  ///< of the price, beside what the group pays
};

/// Who serves a call.
struct Server {
    std::string_view model;  ///< upstream name
    ChannelId channel{};     ///< none: whichever
};

/// What became of a call.
struct Receipt {
    ChargeId id;  ///< tells calls apart that are on disk
    Money cost;   ///< charged to the account
};

/// A place in a till's ring of open holds, which begins with the oldest.
class HoldLink {
protected:
    HoldLink() noexcept = default;
    HoldLink(const HoldLink&) = delete;
    HoldLink& operator=(const HoldLink&) = delete;
    ~HoldLink() = default;

    bool linked() const noexcept { return next_ != nullptr; }
    void link_before(HoldLink& place) noexcept;
    void take_place_of(HoldLink& other) noexcept;
    void unlink() noexcept;

private:
    friend class HoldRing;
    HoldLink* previous_ = nullptr;
    HoldLink* next_ = nullptr;
};

/// Money set aside for one call, and the promise of a slot in the intent ring. Exactly one of
/// settle or release ends it, once; dropping an open hold releases it. Lives on the loop that
/// reserved it, and not longer than its Till.
class Hold : private HoldLink {
public:
    Hold() noexcept;  ///< holds nothing
    Hold(Hold&& other) noexcept;
    Hold& operator=(Hold&& other) noexcept;
    ~Hold();

    /// Gives the money back, and the slot. Idempotent.
    void release() noexcept;

    bool open() const noexcept { return till_ != nullptr; }
    Money amount() const noexcept { return amount_; }
    /// Whether it became so old that its money went back. What the call costs is still charged, as
    /// far as the balance then goes.
    bool swept() const noexcept { return open() && !linked(); }
    /// Whether a price is known that the call will be charged at.
    bool priced() const noexcept { return priced_; }
    /// Whether searches may cost something.
    bool searches_cost() const noexcept { return searches_cost_; }
    /// Whether who pays can run out of money: the account's, or the token's budget.
    bool limited() const noexcept { return limited_; }
    /// Tokens of output that are paid for in advance.
    std::int64_t output_tokens() const noexcept { return output_tokens_; }
    /// What the images turned out to be, in place of Ask::variant.
    void made(std::string variant) {
        variant_ = std::make_unique<const std::string>(std::move(variant));
    }
    /// Whether the call costs the same by whichever of the two serves it.
    bool charged_alike(const Server& one, const Server& other) const;

private:
    friend class HoldRing;
    friend class Till;

    Till* till_ = nullptr;                        // null once ended or moved from
    std::shared_ptr<const BooksView> view_;       // prices as they were when the call was let in
    ledger::Balance* account_ = nullptr;          // kept alive by view_
    ledger::Balance* budget_ = nullptr;           // the token's; kept alive by view_
    std::unique_ptr<HeldPeriods> periods_;        // null: no budget of a day or month counts it
    const ModelPrices* asked_prices_ = nullptr;   // in view_; null: the served model's count
    const llm::Price* dearest_price_ = nullptr;   // in view_; of the models that may serve it
    std::unique_ptr<const std::string> variant_;  // null: none
    Money amount_;
    std::int64_t input_tokens_ = 0;           // paid for in advance
    std::int64_t output_tokens_ = 0;          // likewise
    std::int32_t group_share_ = whole_price;  // of every price
    std::uint16_t turn_ = 0;                  // of the sweeper, when it was made
    bool priced_ = false;
    bool limited_ = false;
    bool searches_cost_ = false;
};

/// The open holds of a till.
class HoldRing : private HoldLink {
public:
    HoldRing() noexcept { previous_ = next_ = this; }

    bool empty() const noexcept { return next_ == this; }
    /// The one that was made first.
    Hold& oldest() noexcept { return static_cast<Hold&>(*next_); }
    void add(Hold& hold) noexcept { hold.link_before(*this); }
};

}  // namespace obliv::billing
