#include "core/tokenizer/merge.hpp"

#include "core/tokenizer/pair_table.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace obliv::tokenizer {
namespace {

// Up to here, looking through all parts for the lowest rank is cheaper than keeping a heap.
constexpr std::size_t short_piece_bytes = 96;
constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Merger::Pair Merger::pair(std::string_view bytes, TokenId left, TokenId right) const noexcept {
    if (pairs_ != nullptr) {
        auto found = pairs_->find(left, right);
        return {found.rank, found.id};
    }
    auto id = vocabulary_->find(bytes);
    return {id, id};
}

// Of the part at `at` and the one behind it in parts_, which has an end mark as its last.
Merger::Pair Merger::pair_at(std::string_view piece, std::size_t at) const noexcept {
    if (at + 2 >= parts_.size())
        return {no_token, no_token};
    auto begin = parts_[at].begin;
    return pair(piece.substr(begin, parts_[at + 2].begin - begin), parts_[at].id,
                parts_[at + 1].id);
}

void Merger::begin_parts(std::string_view piece) {
    parts_.clear();
    for (std::uint32_t at = 0; at < piece.size(); ++at)
        parts_.push_back({at, vocabulary_->find(piece.substr(at, 1)), {no_token, no_token}});
    parts_.push_back({static_cast<std::uint32_t>(piece.size()), no_token, {no_token, no_token}});
    for (std::size_t at = 0; at < piece.size(); ++at)
        parts_[at].with_next = pair_at(piece, at);
}

const std::vector<TokenId>& Merger::merge(std::string_view piece) {
    out_.clear();
    begin_parts(piece);
    if (piece.size() <= short_piece_bytes)
        merge_short(piece);
    else
        merge_long(piece);
    return out_;
}

void Merger::merge_short(std::string_view piece) {
    for (;;) {
        auto lowest =
            std::min_element(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
                return a.with_next.rank < b.with_next.rank;
            });
        if (lowest->with_next.rank == no_token)
            break;
        lowest->id = lowest->with_next.id;
        auto at = static_cast<std::size_t>(lowest - parts_.begin());
        parts_.erase(lowest + 1);
        parts_[at].with_next = pair_at(piece, at);
        if (at > 0)
            parts_[at - 1].with_next = pair_at(piece, at - 1);
    }
    for (std::size_t at = 0; at + 1 < parts_.size(); ++at)
        out_.push_back(parts_[at].id);
}

void Merger::push(std::uint32_t at) {
    if (parts_[at].with_next.rank == no_token)
        return;
    heap_.push_back(std::uint64_t{parts_[at].with_next.rank} << 32U | at);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

// What the part at `at` and the one now behind it make.
void Merger::link(std::string_view piece, std::uint32_t at) {
    auto next = links_[at].next;
    auto end = links_[next].next;
    parts_[at].with_next = {no_token, no_token};
    if (end == none)  // `next` is the end mark
        return;
    auto begin = parts_[at].begin;
    parts_[at].with_next =
        pair(piece.substr(begin, parts_[end].begin - begin), parts_[at].id, parts_[next].id);
    push(at);
}

// Parts stay where they are, chained; a part that was merged into the one before it has no rank. An
// entry of the heap whose rank is no more its part's is a left-over.
void Merger::merge_long(std::string_view piece) {
    auto count = static_cast<std::uint32_t>(parts_.size());
    links_.resize(count);
    for (std::uint32_t at = 0; at < count; ++at)
        links_[at] = {at == 0 ? none : at - 1, at + 1 == count ? none : at + 1};
    heap_.clear();
    for (std::uint32_t at = 0; at < count; ++at)
        if (parts_[at].with_next.rank != no_token)
            heap_.push_back(std::uint64_t{parts_[at].with_next.rank} << 32U | at);
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    while (!heap_.empty()) {
        std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
        auto at = static_cast<std::uint32_t>(heap_.back());
        auto rank = static_cast<std::uint32_t>(heap_.back() >> 32U);
        heap_.pop_back();
        if (parts_[at].with_next.rank != rank)
            continue;
        parts_[at].id = parts_[at].with_next.id;
        auto gone = links_[at].next;
        parts_[gone].with_next.rank = no_token;
        links_[at].next = links_[gone].next;
        links_[links_[at].next].previous = at;
        link(piece, at);
        if (links_[at].previous != none)
            link(piece, links_[at].previous);
    }
    for (std::uint32_t at = 0; links_[at].next != none; at = links_[at].next)
        out_.push_back(parts_[at].id);
}

}  // namespace obliv::tokenizer
