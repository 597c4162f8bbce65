#include "cli/commands.hpp"
#include "cli/commands/program.hpp"
#include "cli/output/interrupt.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

/// A closed descriptor 0, 1 or 2 would be given to the next file or socket, and our output with it.
/// Reading from what we put there ends at once, writing to it fails, as for the closed one.
void occupy_standard_descriptors() {
    for (int descriptor = 0; descriptor <= 2; ++descriptor)
        if (::fcntl(descriptor, F_GETFD) == -1)
            (void)::open("/dev/null", O_RDONLY);
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

}  // namespace

int main(int argc, char** argv) try {
    occupy_standard_descriptors();
    obliv::cli::InterruptSource::install();
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    auto table = obliv::cli::command_table();
    return obliv::cli::run_program(table, words, &variable);
} catch (const std::exception& problem) {
    // Only a defect or a lack of memory ends up here.
    std::string line = "obliv: " + std::string(problem.what()) + "\n";
    (void)!::write(2, line.data(), line.size());
    return 1;
}
