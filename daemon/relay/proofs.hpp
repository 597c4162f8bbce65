#pragma once

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/llm/chat_reply.hpp"
#include "core/llm/chat_request.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace obliv::relay {

/// What proves to a provider that a tool call, and the thought before it, are its own: kept for
/// clients whose format has no place for it, by account and id of the call, for an hour and within
/// a bound of bytes. What is lost of it (at a restart, on another node) costs a thought and no
/// call. Any thread.
class Proofs {
public:
    struct Options {
        std::size_t bytes_max = 16U << 20;  ///< of all entries; the oldest go first
        std::chrono::seconds lifetime{3600};
    };
    Proofs() : Proofs(Options{}) {}
    explicit Proofs(const Options& options) : options_(options) {}

    struct Entry {
        llm::Proof call;                   ///< of the call itself; `data` empty: none
        std::optional<llm::Part> thought;  ///< the one before the call, with its proof
    };
    void keep(AccountId account, const std::string& call, Entry entry, SteadyTime now);
    /// Puts back what the client's format has lost: proofs of calls, and in front of the calls of a
    /// message the thought that led to them.
    void restore(AccountId account, llm::ChatRequest& request, SteadyTime now) const;

    std::size_t bytes() const;

private:
    using Key = std::pair<AccountId, std::string>;
    struct Kept {
        Entry entry;
        SteadyTime until;
        std::size_t bytes;
    };
    std::optional<Entry> find(AccountId account, const std::string& call, SteadyTime now) const;
    void restore(AccountId account, llm::Message& message, SteadyTime now) const;
    void drop_oldest();

    const Options options_;
    mutable std::mutex mutex_;
    // Under mutex_.
    std::map<Key, Kept> kept_;
    std::deque<Key> order_;
    std::size_t bytes_ = 0;
};

/// Watches one reply for what is to be kept. One per reply.
class ProofWatch {
public:
    ProofWatch(Proofs& proofs, AccountId account) : proofs_(proofs), account_(account) {}
    void take(const llm::ReplyEvent& event, SteadyTime now);

private:
    void add_thought(const llm::ThinkingPiece& piece, std::int32_t block);
    void add_proof(const llm::ProofPiece& proof, std::int32_t block);
    void begin_thought(std::int32_t block);
    void end_block(std::int32_t block, SteadyTime now);

    Proofs& proofs_;
    AccountId account_;
    std::int32_t block_ = -1;  ///< of the thought
    llm::Thinking thought_{};  ///< the last one
    bool whole_ = true;        ///< it was not too long to be kept
    std::map<std::int32_t, std::pair<std::string, Proofs::Entry>> calls_{};  ///< open ones
};

}  // namespace obliv::relay
