#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace obliv::llm {

/// Walks over JSON (RFC 8259) front to back and checks what it passes, without building anything.
/// Each step says whether it was possible; after one that was not, only failure() may be asked.
/// What escapes in strings say is left to unescaped(); whether they are UTF-8, to whoever sees the
/// end.
class JsonReader {
public:
    /// Sixteen bytes behind the text are readable; what they hold means nothing.
    explicit JsonReader(std::string_view text) noexcept : text_(text) {}

    /// The first character of what comes next, white space skipped; zero: nothing does.
    char peek() noexcept {
        while (at_ < text_.size() && is_space(text_[at_]))
            ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    std::size_t at() const noexcept { return at_; }  ///< behind peek(): where that character is

    /// Steps over the brace or bracket that peek() has seen. True: it holds something.
    bool enter(char close) noexcept;
    /// Behind a member or an element: steps over the comma. False: this was the last, and `close`
    /// has been passed, or there is neither (see failed()).
    bool more(char close) noexcept;
    /// A name with its colon; escapes stay as they are.
    bool key(std::string_view& name) noexcept;
    /// The content of a string; escapes stay as they are.
    bool string(std::string_view& content) noexcept;
    /// Whether the string or name that was read last has escapes.
    bool escaped() const noexcept { return escaped_; }
    /// A number as it stands.
    bool number(std::string_view& text) noexcept;
    /// `true`, `false` or `null`.
    bool word(std::string_view expected) noexcept;
    /// Any value, which lies in so many others.
    bool skip(int depth) noexcept;

    bool failed() const noexcept { return failure_ != nullptr; }
    /// Why a step was not possible; null: all were.
    const char* failure() const noexcept { return failure_; }
    /// Containers in one another that skip() passes at most. Providers parse with recursion;
    /// nesting that fells them stops here.
    static constexpr int depth_max = 64;
    static const char* const nested_too_deep;
    static const char* const control_character;
    /// Some string had bytes beyond ASCII.
    bool beyond_ascii() const noexcept { return beyond_ascii_; }

private:
    static bool is_space(char c) noexcept {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }
    bool fail(const char* why) noexcept {
        failure_ = why;
        return false;
    }
    bool holds(std::size_t at, char c) const noexcept {
        return at < text_.size() && text_[at] == c;
    }
    bool pass_digits(std::size_t& at) const noexcept;
    bool pass_exponent(std::size_t& at) const noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    const char* failure_ = nullptr;
    bool beyond_ascii_ = false;
    bool escaped_ = false;
};

/// What the content of a JSON string says; nothing: it has an escape that there is none of. Half of
/// a surrogate pair becomes U+FFFD.
std::optional<std::string> unescaped(std::string_view content);

}  // namespace obliv::llm
