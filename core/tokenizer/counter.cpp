#include "core/tokenizer/counter.hpp"

#include "core/tokenizer/nfc.hpp"
#include "core/tokenizer/piece_tokens.hpp"

#include <algorithm>

namespace obliv::tokenizer {
namespace {

constexpr std::size_t settle_bytes_min = 64;

// In normal form C, a mark that is still to come may change what stands before it, but nothing that
// stands before a character of ASCII or a Chinese one (3 bytes that begin with E4 to E9): the last
// of these begins what is not settled yet.
std::size_t stable_bytes(std::string_view text) {
    auto fixed = [](char c) {
        auto byte = static_cast<unsigned char>(c);
        return byte < 0x80 || (byte >= 0xE4 && byte <= 0xE9);
    };
    auto last = std::find_if(text.rbegin(), text.rend(), fixed);
    return last == text.rend() ? 0 : static_cast<std::size_t>(text.rend() - last) - 1;
}

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
    if (encoding_->parts_.nfc)
        pending_ = nfc(pending_);
    auto stable = encoding_->parts_.nfc ? stable_bytes(pending_) : pending_.size();
    for (Splitter splitter(encoding_->split(), pending_); !splitter.done();) {
        auto piece = splitter.next();
        if (splitter.open_ended() || done + piece.size() > stable)
            break;
        settled_ += tokens.count(piece);
        done += piece.size();
    }
    pending_.erase(0, done);
    settle_at_ = std::max(settle_bytes_min, 2 * pending_.size());
}

}  // namespace obliv::tokenizer
