#include "cli/sim/words.hpp"

#include <array>

namespace obliv::sim {
namespace {

constexpr std::string_view blanks = " \t\r\n";

constexpr std::array<std::string_view, 36> text{
    " lorem",   " ipsum",     " dolor", " sit",     " amet",   " consectetur",
    " elit",    " sed",       " do",    " eiusmod", " tempor", " incididunt",
    " ut",      " labore",    " et",    " dolore",  " magna",  " aliqua",
    " enim",    " ad",        " minim", " veniam",  " quis",   " nostrud",
    " ullamco", " laboris",   " nisi",  " aliquip", " ex",     " ea",
    " commodo", " consequat", " duis",  " aute",    " irure",  " voluptate"};

}  // namespace

std::int64_t count_words(std::string_view words) noexcept {
    std::int64_t count = 0;
    bool inside = false;
    for (char c : words) {
        bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        count += static_cast<std::int64_t>(!blank && !inside);
        inside = !blank;
    }
    return count;
}

std::vector<std::string_view> split_words(std::string_view words) {
    std::vector<std::string_view> pieces;
    std::size_t from = 0;
    for (;;) {
        auto start = words.find_first_not_of(blanks, from);
        if (start == std::string_view::npos)
            return pieces;
        auto end = std::min(words.find_first_of(blanks, start), words.size());
        pieces.push_back(words.substr(from, end - from));
        from = end;
    }
}

std::string_view lorem(std::size_t index) noexcept {
    auto word = text[index % text.size()];
    return index == 0 ? word.substr(1) : word;
}

}  // namespace obliv::sim
