#pragma once

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace obliv::test {

/// Whether `act` ends its process by SIGABRT, as a broken claim does. Runs it in a child whose
/// standard error goes nowhere.
template <typename Act>
bool aborts(Act act) {
    auto child = ::fork();
    if (child == 0) {
        // Catch2 would take the signal for its own crash.
        ::signal(SIGABRT, SIG_DFL);
        ::dup2(::open("/dev/null", O_WRONLY), 2);
        act();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace obliv::test
