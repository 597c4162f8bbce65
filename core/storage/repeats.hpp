#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace obliv::storage {

/// Tells a call from all others, whatever its client named it.
struct CallMark {
    AccountId account;  ///< this and the next are its charge's, too
    WallTime time{};
    ChargeId since;  ///< its charge has this id or a later one
};

/// A call that was made under an Idempotency-Key; its reply once that is whole.
struct RepeatRow {
    Sha256 key{};
    std::string request_id;  ///< of the call
    std::string run;  ///< of the program, that made it; empty and not `whole`: the call ended well,
                      ///< and its reply is not kept
    CallMark call;    ///< without an account: a release noted it that knew no marks
    WallTime time{};
    bool whole = false;  ///< what follows is there
    Sha256 request{};    ///< digest of its body
    std::string content_type;
    std::string body;
};

/// Reads work on every session, writes on the writer's session only.
class RepeatStore {
public:
    virtual ~RepeatStore() = default;
    virtual Result<std::optional<RepeatRow>> find(const Sha256& key) = 0;
    /// In place of what the key stood for.
    virtual Result<void> put(const RepeatRow& row) = 0;
    /// Nothing happens when another call has the key by now.
    virtual Result<void> remove(const Sha256& key, const CallMark& call) = 0;
    /// Whether the call was charged anything by a charge with an id below `below`. Reads the
    /// charges between the two ids.
    virtual Result<bool> was_charged(const CallMark& call, ChargeId below) = 0;
    /// Removes some of those before `before`, and of the replies of the oldest that do not fit into
    /// `bytes_max`; that those calls were made stays.
    virtual Result<void> sweep(WallTime before, std::int64_t bytes_max) = 0;
    /// What all of them take.
    virtual Result<std::int64_t> bytes() = 0;
};

}  // namespace obliv::storage
