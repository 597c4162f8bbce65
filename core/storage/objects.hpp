#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

enum class ObjectKind : std::uint8_t { file, batch };

/// Something that a provider keeps for a caller: where it is, and whose.
struct StoredObject {
    std::string id;  ///< as the provider named it
    ObjectKind kind = ObjectKind::file;
    TenantId tenant;
    AccountId account;  ///< whose it is: nobody else finds it
    ChannelId channel;
    int key_index = 0;  ///< another key of the channel may belong to another customer of its
    WallTime created{};
    std::string json;      ///< as the provider last described it
    bool settled = false;  ///< of a batch: it has been charged
};

/// Which of an account's objects: behind the one that `after` names, which is the provider's id.
struct ObjectPage {
    std::string after;
    int limit = 100;
    bool newest_first = true;
};

/// What tells the charge of a batch from all others, before it is made. Nothing in it comes from a
/// client.
struct ChargeMark {
    ChargeId since;   ///< the charge will have this id or a later one
    WallTime time{};  ///< the charge's
};

/// How it stands with the charge of a batch.
enum class Settlement : std::uint8_t {
    due,      ///< it was marked, and the charge follows
    pending,  ///< somebody else is about to charge it, or to find that it cannot be charged
    charged,
};

class ObjectStore {
public:
    virtual ~ObjectStore() = default;
    /// One with the same id of the same account is described anew, and stays where it was.
    virtual Result<void> put(const StoredObject& object) = 0;
    virtual Result<StoredObject> get(AccountId account, ObjectKind kind,
                                     std::string_view id) = 0;  ///< not_found
    virtual Result<std::vector<StoredObject>> list(AccountId account, ObjectKind kind,
                                                   const ObjectPage& page) = 0;
    virtual Result<void> remove(AccountId account, ObjectKind kind,
                                std::string_view id) = 0;  ///< not_found
    /// Marks a batch whose charge is due. One that is not there counts as charged.
    virtual Result<Settlement> settle(AccountId account, std::string_view id,
                                      const ChargeMark& mark) = 0;
    /// The charge followed.
    virtual Result<void> confirm(AccountId account, std::string_view id) = 0;
    /// The charge did not follow.
    virtual Result<void> unsettle(AccountId account, std::string_view id) = 0;
    /// When a run begins, and all that was charged is stored: batches whose charge is not in the
    /// books are unmarked, because the run before died before it charged them.
    virtual Result<void> resolve_marks() = 0;
};

}  // namespace obliv::storage
