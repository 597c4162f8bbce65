#include "cli/output/pager.hpp"

#include <csignal>
#include <cstdio>
#include <sys/wait.h>

namespace obliv::cli {

bool show_in_pager(const std::string& command, std::string_view text) {
    // Leaving the pager before the end of the text is no error.
    auto* before = std::signal(SIGPIPE, SIG_IGN);
    auto* pipe = ::popen(command.c_str(), "we");
    if (!pipe)
        return false;
    (void)std::fwrite(text.data(), 1, text.size(), pipe);
    int status = ::pclose(pipe);
    std::signal(SIGPIPE, before);
    // 127 is the shell's word for "no such program".
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

}  // namespace obliv::cli
