#pragma once

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/loop/task.hpp"
#include "core/providers/provider.hpp"
#include "daemon/upstream/endpoint.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace obliv::loop {
class BlockingPool;
class Loop;
}  // namespace obliv::loop
namespace obliv::upstream {
class Pool;
}

namespace obliv::relay {

/// What is posted where to turn a channel's key into an access token.
struct TokenCall {
    const providers::Provider* provider = nullptr;
    upstream::Endpoint endpoint;
    std::string request;  ///< the whole of it
};

/// Signs, which takes a millisecond or more: for a worker. `proxy` as for the channel's own calls;
/// empty: the environment's. config_invalid: the key is not what it should be.
Result<TokenCall> make_token_call(const providers::Provider& provider,
                                  const providers::Endpoint& endpoint, const std::string& proxy,
                                  WallTime now);

/// Posts it, within seconds. upstream_credentials: the key was refused.
loop::Task<Result<providers::AccessToken>> ask_for_token(upstream::Pool& pool,
                                                         const TokenCall& call);

/// Puts the token into a request's head, where the provider wants it.
void add_token(std::string& head, const providers::Provider& provider, const Secret& token);

/// The access tokens of one loop: each is asked for once, however many calls wait for it, and kept
/// until shortly before it expires. Used on that loop only; outlives the calls.
class AccessTokens {
public:
    struct Parts {
        loop::Loop& loop;
        upstream::Pool& pool;
        loop::BlockingPool& workers;
        const Clock& clock;
    };
    explicit AccessTokens(const Parts& parts) : parts_(parts) {}

    /// Whose token is wanted. `id` names the key without telling it.
    struct Wanted {
        const providers::Provider* provider;
        providers::Endpoint endpoint;
        std::string id;
        std::string proxy;
    };
    struct Given {
        Secret token;
        std::uint64_t number = 0;  ///< tells the tokens of one key apart
        bool kept = false;         ///< it was there before, so it may have been taken back since
    };
    loop::Task<Result<Given>> get(Wanted wanted);
    /// The provider did not take this one: the next call asks for another.
    void forget(const std::string& id, std::uint64_t number);

private:
    struct Entry;
    class Waiter;
    using Table = std::unordered_map<std::string, std::shared_ptr<Entry>>;

    std::shared_ptr<Entry> entry_of(const std::string& id);
    loop::Task<Result<void>> fetch(std::shared_ptr<Entry> entry, Wanted wanted);
    loop::Task<Result<providers::AccessToken>> ask(Wanted wanted);

    Parts parts_;
    Table entries_;
};

}  // namespace obliv::relay
