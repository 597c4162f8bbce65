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
    /// Knows no encoding: estimates only.
    Tokenizers() = default;

    /// Maps the vocabularies of the folder. Fails when one is missing or damaged.
    static Result<Tokenizers> open(const std::string& folder);

    /// Where the program that runs has its vocabularies: `../share/oblivd/vocabularies` beside its
    /// own folder, else those of obliv.
    static std::string installed_folder();

    /// A model, or with a `*` at its end all that begin so, is counted by `source` rather than as
    /// models.cpp says: the name of an encoding, or the path of a tokenizer.json. A longer pattern
    /// goes before a shorter one.
    Result<void> assign(std::string pattern, const std::string& source);

    /// Null: the model's tokens can only be estimated. Lives as long as this.
    const Encoding* of_model(std::string_view model) const noexcept;
    const Encoding* named(std::string_view name) const noexcept;

    /// Tokens of plain text.
    Count count(std::string_view model, std::string_view text) const;

private:
    struct Assigned {
        std::string pattern;
        std::shared_ptr<const Encoding> encoding;
    };

    std::shared_ptr<const Encoding> find(std::string_view name) const noexcept;

    std::vector<std::shared_ptr<const Encoding>> encodings_;
    std::vector<Assigned> assigned_;
};

}  // namespace obliv::tokenizer
