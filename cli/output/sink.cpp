#include "cli/output/sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace obliv::cli {
namespace {

Error system_error(std::string what) {
    return fail(Code::io, std::move(what) + ": " + std::strerror(errno));
}

[[noreturn]] void end_by_closed_pipe() {
    // Dying of the signal, not of a status, is what a shell's pipefail and our parents look at.
    std::signal(SIGPIPE, SIG_DFL);
    (void)std::raise(SIGPIPE);
    ::_exit(141);
}

}  // namespace

Result<void> write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        auto written = ::write(descriptor, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        if (errno == EPIPE)
            end_by_closed_pipe();
        if (errno != EINTR)
            return system_error("cannot write the result");
    }
    return ok();
}

Result<Sink> Sink::to_file(const std::string& path, bool replace) {
    struct stat facts {};
    if (!replace && ::lstat(path.c_str(), &facts) == 0) {
        auto error = fail(Code::conflict, "'" + path + "' exists already");
        error.hint = "replace it with --force";
        return error;
    }
    auto temporary = path + ".XXXXXX";
    int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor < 0)
        return system_error("cannot create '" + path + "'");
    // mkostemp makes it private; a result is as readable as any other new file.
    auto mask = ::umask(0);
    (void)::umask(mask);
    (void)::fchmod(descriptor, 0666 & ~mask);
    Sink sink(descriptor, path, temporary);
    sink.replace_ = replace;
    return sink;
}

Sink::Sink(Sink&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})), replace_(other.replace_) {}

Sink::~Sink() {
    if (temporary_.empty())
        return;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
}

Result<void> Sink::write(std::string_view bytes) {
    return write_all(descriptor_, bytes);
}

Result<void> Sink::commit() {
    if (temporary_.empty())
        return ok();
    if (::fsync(descriptor_) != 0 && errno != EINVAL)
        return system_error("cannot write '" + path_ + "'");
    // link() fails where rename() would replace a file made meanwhile.
    int done = replace_ ? ::rename(temporary_.c_str(), path_.c_str())
                        : ::link(temporary_.c_str(), path_.c_str());
    if (done != 0)
        return system_error("cannot write '" + path_ + "'");
    ::close(descriptor_);
    if (!replace_)
        ::unlink(temporary_.c_str());
    temporary_.clear();
    return ok();
}

Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode) {
    auto sink = Sink::to_file(path, true);
    if (!sink)
        return sink.error();
    if (auto written = sink->write(bytes); !written)
        return written;
    if (auto committed = sink->commit(); !committed)
        return committed;
    if (::chmod(path.c_str(), mode) != 0)
        return system_error("cannot protect '" + path + "'");
    return ok();
}

}  // namespace obliv::cli
