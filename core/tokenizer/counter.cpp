#include "core/tokenizer/counter.hpp"

#include "core/tokenizer/piece_tokens.hpp"

#include <algorithm>

namespace obliv::tokenizer {
namespace {

constexpr std::size_t settle_bytes_min = 64;

}  // namespace

void Counter::add(std::string_view text) {
    pending_ += text;
    if (pending_.size() >= settle_at_)
        settle();
}

// What stays is looked at again only when it has doubled: a word without end costs n log n, not
// its square.
void Counter::settle() {
    PieceTokens tokens(encoding_->parts_.vocabulary, encoding_->parts_.pairs.get(),
                       encoding_->parts_.whole_pieces);
    std::size_t done = 0;
    for (Splitter splitter(encoding_->split(), pending_); !splitter.done();) {
        auto piece = splitter.next();
        if (splitter.open_ended())
            break;
        settled_ += tokens.count(piece);
        done += piece.size();
    }
    pending_.erase(0, done);
    settle_at_ = std::max(settle_bytes_min, 2 * pending_.size());
}

}  // namespace obliv::tokenizer
