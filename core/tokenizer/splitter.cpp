#include "core/tokenizer/splitter.hpp"

#include <array>
#include <cstddef>

namespace obliv::tokenizer {
namespace {

constexpr CharClass in_either_case = char_caseless | char_mark;
constexpr CharClass in_upper_part = char_upper | in_either_case;
constexpr CharClass in_lower_part = char_lower | in_either_case;
constexpr CharClass other = char_control | char_mark | char_symbol;

// The classes of ASCII again, where a loop over a long run finds them without a call.
constexpr std::array<CharClass, 128> ascii = [] {
    std::array<CharClass, 128> table{};
    for (unsigned c = 0; c < 128; ++c) {
        if (c == '\n' || c == '\r')
            table[c] = char_newline;
        else if (c == ' ' || (c >= 9 && c <= 13))
            table[c] = char_space;
        else if (c >= '0' && c <= '9')
            table[c] = char_number;
        else if (c >= 'A' && c <= 'Z')
            table[c] = char_upper;
        else if (c >= 'a' && c <= 'z')
            table[c] = char_lower;
        else
            table[c] = c < 32 || c == 127 ? char_control : char_symbol;
    }
    return table;
}();

}  // namespace

inline Char Splitter::peek(const char* at) noexcept {
    if (at == end_) {
        open_ = true;
        return {};
    }
    auto byte = static_cast<unsigned char>(*at);
    if (byte < 128)
        return {ascii[byte], 1, false};
    auto found = char_at(at, end_);
    open_ = open_ || found.cut;
    return found;
}

// Past all characters of the set that begin at `at`.
inline const char* Splitter::run(const char* at, CharClass set) noexcept {
    for (auto next = peek(at); (next.cls & set) != 0; next = peek(at))
        at += next.bytes;
    return at;
}

inline const char* Splitter::run_bytes(const char* at, std::string_view set) noexcept {
    while (at != end_ && set.find(*at) != std::string_view::npos)
        ++at;
    open_ = open_ || at == end_;
    return at;
}

// The byte at `at`, a letter as a small one where case does not count; 0 for what is no ASCII.
char Splitter::folded(const char* at, bool any_case) noexcept {
    auto found = peek(at);
    if (found.bytes == 2 && any_case && at[0] == '\xC5' && at[1] == '\xBF')
        return 's';
    if (found.bytes != 1)
        return 0;
    return any_case && found.cls == char_upper ? static_cast<char>(*at + ('a' - 'A')) : *at;
}

// Past 's, 't, 're, 've, 'm, 'll or 'd; `at` itself where none begins. Without regard to case the
// long s (U+017F) is an s as well.
const char* Splitter::contraction(const char* at, bool any_case) noexcept {
    if (peek(at).bytes != 1 || *at != '\'')
        return at;
    auto first = folded(at + 1, any_case);
    switch (first) {
    case 's':
        return at + 1 + peek(at + 1).bytes;
    case 't':
    case 'm':
    case 'd':
        return at + 2;
    case 'r':
    case 'v':
        return folded(at + 2, any_case) == 'e' ? at + 3 : at;
    case 'l':
        return folded(at + 2, any_case) == 'l' ? at + 3 : at;
    default:
        return at;
    }
}

// ` ?[set]+`; `at` itself where that does not match.
const char* Splitter::spaced(const char* at, CharClass set) noexcept {
    auto begin = *at == ' ' ? at + 1 : at;
    auto end = run(begin, set);
    return end == begin ? at : end;
}

const char* Splitter::digits(const char* at) noexcept {
    for (int i = 0; i < rule_.digits_max; ++i) {
        auto next = peek(at);
        if (next.cls != char_number)
            break;
        at += next.bytes;
    }
    return at;
}

// `\s+(?!\S)|\s+`, before it `\s*[\r\n]+` where newlines end a piece of their own: all of a run of
// white space that ends the text, else all but its last character, which goes with what follows.
const char* Splitter::white(const char* at, bool newlines_alone) noexcept {
    auto begin = at;
    auto last = at;
    const char* newline_end = nullptr;
    for (auto next = peek(at); (next.cls & char_white) != 0; next = peek(at)) {
        last = at;
        at += next.bytes;
        if (next.cls == char_newline)
            newline_end = at;
    }
    if (newlines_alone && newline_end != nullptr)
        return newline_end;
    return at == end_ || last == begin ? at : last;
}

const char* Splitter::end_gpt2() noexcept {
    if (auto end = contraction(at_, false); end != at_)
        return end;
    auto word = *at_ == ' ' ? at_ + 1 : at_;
    auto first = peek(word).cls;
    if ((first & char_letter) != 0)
        return run(word, char_letter);
    if (first == char_number)
        return run(word, char_number);
    if ((first & other) != 0)
        return run(word, other);
    return white(at_, false);
}

const char* Splitter::end_cl100k() noexcept {
    if (auto end = contraction(at_, true); end != at_)
        return end;
    auto first = peek(at_);
    if ((first.cls & char_letter) != 0)
        return run(at_, char_letter);
    if (first.cls == char_number)
        return digits(at_);
    if (first.cls != char_newline) {
        auto word = at_ + first.bytes;
        if (auto end = run(word, char_letter); end != word)
            return end;
    }
    if (auto end = spaced(at_, other); end != at_)
        return run(end, char_newline);
    return white(at_, true);
}

// Past the upper part of a word, `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*`, which ends at `upper_end`; if
// lower-case letters follow, past those too. Else back to behind the last character that may count
// as lower case as well, for the expression asks for one; null where there is none.
const char* Splitter::caseless_end(const char* at, const char*& upper_end) noexcept {
    const char* either = nullptr;
    auto next = peek(at);
    for (; (next.cls & in_upper_part) != 0; next = peek(at)) {
        at += next.bytes;
        if ((next.cls & in_either_case) != 0)
            either = at;
    }
    upper_end = at;
    return next.cls == char_lower ? run(at, in_lower_part) : either;
}

// The two word expressions of o200k: first the one that asks for a lower-case end, with one
// character before the word if it can have it, then without; then the one that does not ask.
const char* Splitter::cased_word(const char* at) noexcept {
    auto first = peek(at);
    const char* upper_end = nullptr;
    if ((first.cls & (char_letter | char_number | char_newline)) != 0) {
        auto end = caseless_end(at, upper_end);
        return end != nullptr ? end : upper_end;
    }
    auto word = at + first.bytes;
    if (auto end = caseless_end(word, upper_end); end != nullptr)
        return end;
    if (first.cls == char_mark)  // is a word by itself: no upper-case letter can end one
        return word;
    return upper_end == word ? at : upper_end;
}

const char* Splitter::end_o200k() noexcept {
    if (auto end = cased_word(at_); end != at_)
        return contraction(end, true);
    if (peek(at_).cls == char_number)
        return digits(at_);
    if (auto end = spaced(at_, other); end != at_)
        return run_bytes(end, "\r\n/");
    return white(at_, true);
}

namespace {

bool is_chinese_or_japanese(const char* at, Char next) noexcept {
    if (next.bytes != 3)
        return false;
    auto point = code_point(at, next);
    return (point >= 0x4E00 && point <= 0x9FA5) || (point >= 0x3040 && point <= 0x30FF);
}

bool is_ascii_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

// Up to the next number, or the next Chinese or Japanese character.
void Splitter::find_part() noexcept {
    if (part_end_ > at_)
        return;
    part_end_ = at_;
    for (auto next = peek(part_end_); next.bytes != 0; next = peek(part_end_)) {
        if (next.cls == char_number || is_chinese_or_japanese(part_end_, next))
            return;
        part_end_ += next.bytes;
    }
}

const char* Splitter::ascii_letters(const char* at) noexcept {
    while (peek(at).bytes == 1 && is_ascii_letter(*at))
        ++at;
    return at;
}

// One match of the third expression in a part of the text, or what lies in front of one.
const char* Splitter::deepseek_piece() noexcept {
    constexpr CharClass word = char_letter | char_mark;
    auto first = peek(at_);
    auto behind = at_ + first.bytes;
    bool ascii_symbol = first.cls == char_symbol && static_cast<unsigned char>(*at_) < 0x80;
    if (auto end = ascii_symbol ? ascii_letters(behind) : behind; end != behind)
        return end;
    if ((first.cls & word) != 0)
        return run(at_, word);
    if ((first.cls & (char_newline | char_symbol)) == 0)
        if (auto end = run(behind, word); end != behind)
            return end;
    if (auto end = spaced(at_, char_symbol); end != at_)
        return run(end, char_newline);
    if ((first.cls & char_white) != 0)
        return white(at_, true);
    return unmatched();
}

// What no expression matches, up to where one does: control characters, of which the last may go
// with a word behind it.
const char* Splitter::unmatched() noexcept {
    auto at = at_ + peek(at_).bytes;
    while (true) {
        auto next = peek(at);
        if (next.cls != char_control ||
            (peek(at + next.bytes).cls & (char_letter | char_mark)) != 0)
            return at;
        at += next.bytes;
    }
}

const char* Splitter::end_deepseek() noexcept {
    auto first = peek(at_);
    if (first.cls == char_number)
        return digits(at_);
    if (is_chinese_or_japanese(at_, first)) {
        auto end = at_;
        for (auto next = first; is_chinese_or_japanese(end, next); next = peek(end))
            end += next.bytes;
        return end;
    }
    find_part();
    end_ = part_end_;
    open_ = false;
    auto end = deepseek_piece();
    end_ = text_end_;
    open_ = open_ && part_end_ == text_end_;
    return end;
}

std::string_view Splitter::next() noexcept {
    open_ = false;
    auto begin = at_;
    switch (rule_.pattern) {
    case Pattern::gpt2:
        at_ = end_gpt2();
        break;
    case Pattern::cl100k:
        at_ = end_cl100k();
        break;
    case Pattern::o200k:
        at_ = end_o200k();
        break;
    case Pattern::deepseek:
        at_ = end_deepseek();
        break;
    }
    return {begin, static_cast<std::size_t>(at_ - begin)};
}

}  // namespace obliv::tokenizer
