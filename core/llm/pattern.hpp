#pragma once

#include "core/base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace obliv::llm {

/// Longest name of a model that we take; longer ones match no pattern.
inline constexpr std::size_t model_bytes_max = 128;
inline constexpr std::size_t pattern_bytes_max = 256;

/// Which models a channel serves or a token may call: `gpt-4o` that one, `gpt-4*` all that begin so
/// (`*` alone: all), `/^gpt-.*$/` all in which the regular expression (ECMAScript) is found.
///
/// Matching takes a time linear in the name, whatever the expression: what would need backtracking
/// (back references, look-ahead) or unfold into many states (`{n,m}`) is refused by parse.
/// Immutable, cheap to copy, safe from any thread. An expression costs microseconds to
/// milliseconds: match when a table is built or a new model is seen, not for every call.
class ModelPattern {
public:
    enum class Kind : std::uint8_t { exact, prefix, regex };

    /// Anything that is not one of the three forms is `invalid_request`.
    static Result<ModelPattern> parse(std::string_view text);

    bool matches(std::string_view model) const;
    Kind kind() const noexcept { return kind_; }
    const std::string& text() const noexcept { return text_; }  ///< as it was given

private:
    struct Expression;

    Kind kind_ = Kind::exact;
    std::string text_;
    std::shared_ptr<const Expression> expression_;  ///< of Kind::regex
};

/// `exact`, `prefix`, `regex`.
std::string_view name_of(ModelPattern::Kind kind) noexcept;

/// Whether `name` can be the name of a model: 1 to 128 bytes of UTF-8 without spaces and controls.
Result<void> check_model_name(std::string_view name);

}  // namespace obliv::llm
