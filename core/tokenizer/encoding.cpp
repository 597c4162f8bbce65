#include "core/tokenizer/encoding.hpp"

#include "core/tokenizer/nfc.hpp"
#include "core/tokenizer/piece_tokens.hpp"

#include <algorithm>

namespace obliv::tokenizer {

const Special* Encoding::special_at(std::string_view text) const noexcept {
    for (const auto& special : parts_.specials)
        if (text.substr(0, special.text.size()) == special.text)
            return &special;
    return nullptr;
}

// Text, special, text, special, ..., text: every second one is a special token, texts may be empty.
std::vector<std::string_view> Encoding::cut_at_specials(std::string_view text,
                                                        Specials specials) const {
    std::vector<std::string_view> cuts;
    std::string firsts;
    if (specials == Specials::recognised)
        for (const auto& special : parts_.specials)
            if (firsts.find(special.text.front()) == std::string::npos)
                firsts += special.text.front();
    std::size_t begin = 0;
    for (auto at = text.find_first_of(firsts); at != std::string_view::npos;) {
        const auto* special = special_at(text.substr(at));
        if (special != nullptr) {
            cuts.push_back(text.substr(begin, at - begin));
            cuts.push_back(text.substr(at, special->text.size()));
            begin = at + special->text.size();
        }
        at = text.find_first_of(firsts, special != nullptr ? begin : at + 1);
    }
    cuts.push_back(text.substr(begin));
    return cuts;
}

// The text as it is cut; `room` holds it where it is not as it came.
std::string_view Encoding::normalised(std::string_view text, std::string& room) const {
    if (!parts_.nfc || surely_nfc(text))
        return text;
    room = nfc(text);
    return room;
}

std::size_t Encoding::count_text(std::string_view given) const {
    std::string normal;
    auto text = normalised(given, normal);
    PieceTokens tokens(parts_.vocabulary, parts_.pairs.get(), parts_.whole_pieces);
    std::size_t sum = 0;
    for (Splitter splitter(parts_.split, text); !splitter.done();)
        sum += tokens.count(splitter.next());
    return sum;
}

std::size_t Encoding::count(std::string_view text, Specials specials) const {
    if (specials == Specials::as_text)
        return count_text(text);
    auto cuts = cut_at_specials(text, specials);
    std::size_t sum = cuts.size() / 2;
    for (std::size_t i = 0; i < cuts.size(); i += 2)
        sum += count_text(cuts[i]);
    return sum;
}

std::vector<TokenId> Encoding::encode(std::string_view text, Specials specials) const {
    std::vector<TokenId> out;
    PieceTokens tokens(parts_.vocabulary, parts_.pairs.get(), parts_.whole_pieces);
    auto cuts = cut_at_specials(text, specials);
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        if (i % 2 == 1) {
            out.push_back(special_at(cuts[i])->id);
            continue;
        }
        std::string normal;
        auto part = normalised(cuts[i], normal);
        for (Splitter splitter(parts_.split, part); !splitter.done();)
            tokens.append(splitter.next(), out);
    }
    return out;
}

std::string_view Encoding::bytes(TokenId id) const noexcept {
    if (auto bytes = parts_.vocabulary.bytes(id); !bytes.empty())
        return bytes;
    auto special = std::find_if(parts_.specials.begin(), parts_.specials.end(),
                                [id](const Special& s) { return s.id == id; });
    return special == parts_.specials.end() ? std::string_view() : std::string_view(special->text);
}

}  // namespace obliv::tokenizer
