#pragma once

#include "core/tokenizer/pair_table.hpp"
#include "core/tokenizer/splitter.hpp"
#include "core/tokenizer/vocabulary.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::tokenizer {

/// A marker such as <|endoftext|>, which stands for one token where it is written by the provider,
/// and is plain text where a user wrote it.
struct Special {
    std::string text;
    TokenId id;
};

enum class Specials : std::uint8_t {
    as_text,     ///< what users write: what a provider does with the text of a message
    recognised,  ///< each is its one token
};

/// A byte-pair encoding. Reads only, so any thread may use it; time is n log n at worst.
class Encoding {
public:
    struct Parts {
        std::string name;
        SplitRule split;
        Vocabulary vocabulary;
        std::vector<Special> specials;
        std::unique_ptr<PairTable> pairs;  ///< null: ranks are the ids of what is made
        /// Whether a piece that is a token as a whole is taken as it is, however merging would end.
        bool whole_pieces = true;
        bool nfc = false;  ///< a text is brought into Unicode's normal form C first
        /// Special tokens are recognised in any text, because who serves the model does that.
        bool specials_in_text = false;
    };

    explicit Encoding(Parts parts) : parts_(std::move(parts)) {}

    const std::string& name() const noexcept { return parts_.name; }
    SplitRule split() const noexcept { return parts_.split; }
    /// How whoever serves the model treats a special token in what a user wrote.
    Specials usual() const noexcept {
        return parts_.specials_in_text ? Specials::recognised : Specials::as_text;
    }

    std::size_t count(std::string_view text, Specials specials = Specials::as_text) const;
    std::vector<TokenId> encode(std::string_view text, Specials specials = Specials::as_text) const;

    /// The bytes of a token, a special one's too; empty for an id that is none. A token may end
    /// inside a character.
    std::string_view bytes(TokenId id) const noexcept;

private:
    friend class Counter;

    std::size_t count_text(std::string_view text) const;
    std::string_view normalised(std::string_view text, std::string& room) const;
    std::vector<std::string_view> cut_at_specials(std::string_view text, Specials specials) const;
    const Special* special_at(std::string_view text) const noexcept;

    Parts parts_;
};

}  // namespace obliv::tokenizer
