#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/storage/page.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage {

enum class TokenRole : std::uint8_t {
    relay,  ///< may call models
    admin,  ///< may call models and the management API
};

/// Whether calls may be answered by what an earlier one was answered.
enum class CacheUse : std::uint8_t {
    by_model,  ///< as the configuration says for the model
    off,
    exact,     ///< of the same request
    semantic,  ///< of one that means the same
};

/// An API key that we issued. Only its digest is kept.
struct Token {
    TokenId id;
    TenantId tenant;
    UserId user;
    AccountId account;  ///< pays
    std::string name;   ///< unique in the tenant among tokens that are not removed
    Sha256 digest{};
    std::string hint;  ///< first 3 and last 4 characters
    TokenRole role = TokenRole::relay;
    std::string group = "default";
    std::vector<std::string> models;  ///< patterns it may call; empty: every model of its group
    std::optional<Money> budget;  ///< all it may ever spend; nothing: only the account limits it
    Money spent;                  ///< by the calls up to the fold watermark; read-only
    int requests_per_minute = 0;  ///< 0: no limit
    int concurrent_max = 0;       ///< 0: no limit
    CacheUse cache = CacheUse::by_model;
    WallTime created_at{};
    std::optional<WallTime> expires_at;
    std::optional<WallTime> revoked_at;
};

/// Reads work on every session, writes on the writer's session only.
class TokenStore {
public:
    virtual ~TokenStore() = default;
    virtual Result<std::vector<Token>> all() = 0;
    virtual Result<Page<Token>> page(const PageRequest& request) = 0;
    virtual Result<Token> get(TokenId id) = 0;               ///< not_found
    virtual Result<Token> find(std::string_view name) = 0;   ///< not_found
    virtual Result<TokenId> insert(const Token& token) = 0;  ///< conflict: the name is taken
    virtual Result<void>
    update(const Token& token) = 0;               ///< every field but id, tenant, created_at
    virtual Result<void> remove(TokenId id) = 0;  ///< hides it; rows that name the id stay readable
};

}  // namespace obliv::storage
