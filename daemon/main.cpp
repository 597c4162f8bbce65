#include "daemon/commands/program.hpp"

#include <cstdio>
#include <exception>
#include <vector>

int main(int argc, char** argv) {
    try {
        std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
        return obliv::daemon::run_program(words);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "oblivd: %s\n", error.what());
        return 1;
    }
}
