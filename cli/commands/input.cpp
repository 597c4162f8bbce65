#include "cli/commands/input.hpp"

#include "cli/commands/invocation.hpp"
#include "core/base/text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace obliv::cli {
namespace {

// More than any model takes, less than what hurts.
constexpr std::size_t text_bytes_max = std::size_t{32} << 20;

}  // namespace

Result<std::string> read_text(Invocation& run, int descriptor, const std::string& name) {
    std::string text;
    std::array<char, 65536> buffer{};
    while (true) {
        if (auto ready = run.interrupt.wait_readable(descriptor); !ready)
            return ready.error();
        auto got = ::read(descriptor, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(Code::usage, "cannot read " + name + ": " + std::strerror(errno));
        if (got == 0)
            break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > text_bytes_max)
            return fail(Code::usage, name + " is larger than 32 MiB");
    }
    if (auto at = first_invalid_utf8(text))
        return fail(Code::usage, name + " is not UTF-8 text (byte " + std::to_string(*at) + ")");
    return text;
}

Result<std::string> read_text_file(Invocation& run, const std::string& path) {
    if (path == "-")
        return read_text(run, STDIN_FILENO, "stdin");
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(Code::usage, "cannot read '" + visible(path) + "': " + std::strerror(errno));
    auto text = read_text(run, descriptor, "'" + visible(path) + "'");
    ::close(descriptor);
    return text;
}

}  // namespace obliv::cli
