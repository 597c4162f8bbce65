// Part of the build: makes the packed vocabulary that is installed from a published merge table.
//
//     obliv-pack TABLE.tiktoken OUT.bpe

#include "core/tokenizer/packed.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

namespace {

int refuse(const std::string& why) {
    std::fprintf(stderr, "obliv-pack: %s\n", why.c_str());
    return 1;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3)
        return refuse("expected TABLE and OUT");
    std::ostringstream text;
    std::ifstream table(arguments[1], std::ios::binary);
    if (!(text << table.rdbuf()))
        return refuse(std::string(arguments[1]) + " cannot be read");
    auto tokens = obliv::tokenizer::read_ranks(text.str());
    if (!tokens)
        return refuse(tokens.error().message);
    auto packed = obliv::tokenizer::pack(*tokens);
    if (!packed)
        return refuse(packed.error().message);
    std::ofstream out(arguments[2], std::ios::binary);
    if (!(out << *packed && out.flush()))
        return refuse(std::string(arguments[2]) + " cannot be written");
    return 0;
}
