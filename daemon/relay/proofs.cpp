#include "daemon/relay/proofs.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

constexpr std::size_t thought_bytes_max = 256U << 10;
constexpr std::size_t entry_overhead = 256;  // of the containers, roughly
constexpr std::size_t open_calls_max = 128;

std::size_t size_of(const Proofs::Entry& entry) {
    auto bytes = entry_overhead + entry.call.data.size();
    if (entry.thought) {
        const auto& thought = std::get<llm::Thinking>(entry.thought->what);
        bytes += thought.text.size() + thought.proof.data.size();
    }
    return bytes;
}

bool is_proven_thought(const llm::Part& part) {
    const auto* thought = std::get_if<llm::Thinking>(&part.what);
    return thought != nullptr && !thought->proof.data.empty();
}

}  // namespace

void Proofs::keep(AccountId account, const std::string& call, Entry entry, SteadyTime now) {
    auto bytes = size_of(entry) + call.size();
    if (call.empty() || bytes > options_.bytes_max)
        return;
    std::lock_guard lock(mutex_);
    Key key{account, call};
    if (auto old = kept_.find(key); old != kept_.end()) {
        bytes_ -= old->second.bytes;
        kept_.erase(old);
        order_.erase(std::find(order_.begin(), order_.end(), key));
    }
    while (!order_.empty() &&
           (bytes_ + bytes > options_.bytes_max || kept_.at(order_.front()).until <= now))
        drop_oldest();
    kept_.emplace(key, Kept{std::move(entry), now + options_.lifetime, bytes});
    order_.push_back(std::move(key));
    bytes_ += bytes;
}

void Proofs::drop_oldest() {
    auto oldest = kept_.find(order_.front());
    bytes_ -= oldest->second.bytes;
    kept_.erase(oldest);
    order_.pop_front();
}

std::size_t Proofs::bytes() const {
    std::lock_guard lock(mutex_);
    return bytes_;
}

std::optional<Proofs::Entry> Proofs::find(AccountId account, const std::string& call,
                                          SteadyTime now) const {
    std::lock_guard lock(mutex_);
    auto found = kept_.find({account, call});
    if (found == kept_.end() || found->second.until <= now)
        return std::nullopt;
    return found->second.entry;
}

void Proofs::restore(AccountId account, llm::ChatRequest& request, SteadyTime now) const {
    for (auto& message : request.messages)
        if (message.role == llm::Role::assistant)
            restore(account, message, now);
}

void Proofs::restore(AccountId account, llm::Message& message, SteadyTime now) const {
    auto& parts = message.content;
    bool proven = std::any_of(parts.begin(), parts.end(), is_proven_thought);
    std::optional<llm::Part> thought;
    for (auto& part : parts) {
        auto* call = std::get_if<llm::ToolCall>(&part.what);
        if (call == nullptr || !call->proof.data.empty())
            continue;
        auto entry = find(account, call->id, now);
        if (!entry)
            continue;
        call->proof = entry->call;
        if (!thought)
            thought = std::move(entry->thought);
    }
    if (thought && !proven)
        parts.insert(parts.begin(), std::move(*thought));
}

void ProofWatch::take(const llm::ReplyEvent& event, SteadyTime now) {
    if (event.choice != 0)
        return;
    if (const auto* piece = std::get_if<llm::ThinkingPiece>(&event.what)) {
        add_thought(*piece, event.block);
    } else if (const auto* call = std::get_if<llm::ToolCallBegun>(&event.what)) {
        Proofs::Entry entry;
        if (!thought_.proof.data.empty() && whole_)
            entry.thought = llm::Part{thought_};
        if (calls_.size() < open_calls_max)
            calls_[event.block] = {call->id, std::move(entry)};
    } else if (const auto* proof = std::get_if<llm::ProofPiece>(&event.what)) {
        add_proof(*proof, event.block);
    } else if (std::holds_alternative<llm::BlockEnded>(event.what)) {
        end_block(event.block, now);
    } else if (std::holds_alternative<llm::Finished>(event.what)) {
        while (!calls_.empty())
            end_block(calls_.begin()->first, now);
    }
}

void ProofWatch::add_thought(const llm::ThinkingPiece& piece, std::int32_t block) {
    begin_thought(block);
    whole_ = whole_ && thought_.text.size() + piece.text.size() <= thought_bytes_max;
    if (whole_)
        thought_.text += piece.text;
    thought_.summary = piece.summary;
}

/// Of the call that is open, or of the thought.
void ProofWatch::add_proof(const llm::ProofPiece& proof, std::int32_t block) {
    if (auto open = calls_.find(block); open != calls_.end()) {
        open->second.second.call = proof.proof;
        return;
    }
    begin_thought(block);
    thought_.proof = proof.proof;
    thought_.redacted = proof.redacted;
    thought_.id = proof.id;
}

void ProofWatch::begin_thought(std::int32_t block) {
    if (block_ == block)
        return;
    block_ = block;
    thought_ = {};
    whole_ = true;
}

void ProofWatch::end_block(std::int32_t block, SteadyTime now) {
    auto open = calls_.find(block);
    if (open == calls_.end())
        return;
    auto& [id, entry] = open->second;
    if (!entry.call.data.empty() || entry.thought)
        proofs_.keep(account_, id, std::move(entry), now);
    calls_.erase(open);
}

}  // namespace obliv::relay
