#include "cli/settings/key_source.hpp"

#include "cli/settings/paths.hpp"
#include "core/base/clock.hpp"
#include "core/base/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace obliv::cli {
namespace {

constexpr std::size_t key_bytes_max = 8192;
constexpr std::chrono::seconds command_limit{10};
// How often a waiting read looks for Ctrl-C.
constexpr int glance_ms = 100;

std::string_view trimmed(std::string_view text) {
    auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Reads what a child prints until it closes its end, the limit passes or Ctrl-C comes.
Result<std::string> read_child(int descriptor, const std::atomic<bool>& interrupted) {
    auto deadline = Deadline::after(real_clock(), command_limit);
    std::string text;
    std::array<char, 1024> buffer{};
    while (text.size() <= key_bytes_max) {
        if (interrupted.load())
            return fail(Code::cancelled, "interrupted");
        if (deadline.passed(real_clock().steady()))
            return fail(Code::timeout, "key_command printed no key within 10 s");
        pollfd wait{descriptor, POLLIN, 0};
        if (::poll(&wait, 1, glance_ms) <= 0)
            continue;
        auto got = ::read(descriptor, buffer.data(), buffer.size());
        if (got <= 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return fail(Code::config_invalid, "key_command printed more than a key");
}

struct Child {
    pid_t pid = -1;
    int descriptor = -1;
};

Result<Child> start(const std::vector<std::string>& command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(Code::io, std::string("cannot make a pipe: ") + std::strerror(errno));
    std::vector<std::string> words = command;
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    Child child{-1, ends[0]};
    int problem =
        ::posix_spawnp(&child.pid, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (problem == 0)
        return child;
    ::close(ends[0]);
    return fail(Code::config_invalid,
                "cannot run key_command '" + words[0] + "': " + std::strerror(problem));
}

}  // namespace

Result<Secret> checked_key(std::string_view text, std::string_view where) {
    auto key = trimmed(text);
    if (key.empty())
        return fail(Code::usage, "there is no key in " + std::string(where));
    bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (!printable || key.size() > key_bytes_max)
        return fail(Code::usage, "what is in " + std::string(where) +
                                     " is no key: expected one line without spaces");
    return Secret(std::string(key));
}

Result<Secret> key_from_file(const std::string& path) {
    auto text = read_secret_file(path);
    if (!text)
        return text.error();
    return checked_key(*text, "'" + path + "'");
}

Result<Secret> key_from_descriptor(int descriptor) {
    std::string text;
    std::array<char, 1024> buffer{};
    while (text.size() <= key_bytes_max) {
        auto got = ::read(descriptor, buffer.data(), buffer.size());
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            return fail(Code::cancelled, "interrupted");
        if (got < 0)
            return fail(Code::io, std::string("cannot read stdin: ") + std::strerror(errno));
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return checked_key(text, "stdin");
}

Result<Secret> key_from_command(const std::vector<std::string>& command,
                                const std::atomic<bool>& interrupted) {
    auto child = start(command);
    if (!child)
        return child.error();
    auto text = read_child(child->descriptor, interrupted);
    ::close(child->descriptor);
    if (!text)
        ::kill(child->pid, SIGKILL);
    int status = 0;
    while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!text)
        return text.error();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(Code::config_invalid, "key_command '" + command[0] + "' failed");
    return checked_key(*text, "the output of key_command");
}

}  // namespace obliv::cli
