#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "daemon/gate/token_table.hpp"

#include <array>
#include <memory>
#include <string_view>

namespace obliv::gate {

/// Who calls: the token as it was when the call began.
using Caller = std::shared_ptr<const TokenEntry>;

/// One place among a token's concurrent calls; given back when it goes.
class Permit {
public:
    Permit() noexcept = default;
    explicit Permit(std::shared_ptr<TokenLimits> limits) noexcept : limits_(std::move(limits)) {}
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&& other) noexcept {
        limits_.swap(other.limits_);
        return *this;
    }
    ~Permit() {
        if (limits_)
            limits_->leave();
    }

private:
    std::shared_ptr<TokenLimits> limits_;
};

/// Who is calling, and may they call now. One per loop, used on that loop only.
class Gate {
public:
    explicit Gate(const Clock& clock) : clock_(clock), tokens_(TokenTable::build({}, nullptr)) {}

    void publish(std::shared_ptr<const TokenTable> tokens) {
        tokens_ = std::move(tokens);
        recent_ = {};
    }

    /// unauthenticated: no key, or one that is unknown, revoked or expired.
    Result<Caller> authenticate(std::string_view key) const;

    /// forbidden: this token may not call the model · rate_limited, with the time to wait: too many
    /// requests in this minute, or too many at once.
    Result<Permit> limit(const Caller& caller, std::string_view model) const;

    /// rate_limited: limit() would say so now. Counts nothing: for what costs something before the
    /// call is let in.
    Result<void> check(const Caller& caller) const;

private:
    /// A key that was looked up not long ago: its digest costs as much as parsing a request.
    struct Recent {
        Secret key;
        Caller caller;  ///< null: nobody came by here since the tokens changed
    };
    static constexpr std::size_t recent_max = 64;

    Caller find(std::string_view key) const;

    const Clock& clock_;
    std::shared_ptr<const TokenTable> tokens_;
    mutable std::array<Recent, recent_max> recent_{};  // of tokens_ alone
};

}  // namespace obliv::gate
