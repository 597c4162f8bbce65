#pragma once

#include "core/tokenizer/encoding.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::tokenizer {

/// How many tokens, and whether that is what the model's provider counts too.
struct Count {
    std::int64_t tokens = 0;
    bool exact = false;

    Count& operator+=(Count more) noexcept {
        tokens += more.tokens;
        exact = exact && more.exact;
        return *this;
    }
};

/// Every encoding that there is, by the models that use them. Immutable once made, so any thread
/// may use it.
class Tokenizers {
public:
    /// Models that begin with `prefix` are counted by this encoding rather than as models.cpp says.
    struct Assigned {
        std::string prefix;
        std::shared_ptr<const Encoding> encoding;
    };

    /// Knows no encoding: estimates only.
    Tokenizers() = default;

    /// Maps the vocabularies of the folder. Fails when one is missing or damaged.
    static Result<Tokenizers> open(const std::string& folder);

    /// Where the program that runs has its vocabularies: `../share/oblivd/vocabularies` beside its
    /// own folder, else those of obliv.
    static std::string installed_folder();

    /// A longer prefix goes before a shorter one.
    void assign(Assigned assigned);

    /// Null: the model's tokens can only be estimated. Lives as long as this.
    const Encoding* of_model(std::string_view model) const noexcept;
    const Encoding* named(std::string_view name) const noexcept;

    /// Tokens of plain text.
    Count count(std::string_view model, std::string_view text) const;

private:
    std::vector<std::shared_ptr<const Encoding>> encodings_;
    std::vector<Assigned> assigned_;
};

}  // namespace obliv::tokenizer
