#include "cli/settings/paths.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace obliv::cli {
namespace {

constexpr std::size_t text_bytes_max = std::size_t{1} << 20;

struct Descriptor {
    explicit Descriptor(int number) : value(number) {}
    ~Descriptor() {
        if (value >= 0)
            ::close(value);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int value;
};

Error cannot_read(const std::string& path) {
    return fail(errno == ENOENT ? Code::not_found : Code::io,
                "cannot read '" + path + "': " + std::strerror(errno));
}

Result<std::string> read_descriptor(int descriptor, const std::string& path) {
    std::string text;
    std::array<char, 16384> buffer{};
    while (true) {
        auto got = ::read(descriptor, buffer.data(), buffer.size());
        if (got == 0)
            return text;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot_read(path);
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > text_bytes_max)
            return fail(Code::payload_too_large, "'" + path + "' is larger than 1 MiB");
    }
}

Result<void> make_folder(const std::string& path) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        auto part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
            return fail(Code::io, "cannot make '" + part + "': " + std::strerror(errno));
        if (slash == std::string::npos)
            return ok();
    }
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.value < 0)
        return cannot_read(path);
    return read_descriptor(file.value, path);
}

Result<std::string> read_secret_file(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.value < 0)
        return cannot_read(path);
    // Asked of the open file: the name may mean another one by now.
    struct stat facts {};
    if (::fstat(file.value, &facts) != 0)
        return cannot_read(path);
    bool regular = S_ISREG(facts.st_mode);
    if (regular && facts.st_uid != ::geteuid() && facts.st_uid != 0)
        return fail(Code::config_invalid,
                    "'" + path + "' holds a secret and belongs to somebody else");
    if (regular && (facts.st_mode & 077) != 0) {
        auto error =
            fail(Code::config_invalid, "'" + path + "' holds a secret and others may read it");
        error.hint = "chmod 600 '" + path + "'";
        return error;
    }
    if (!regular)
        return fail(Code::config_invalid, "'" + path + "' is not a file");
    return read_descriptor(file.value, path);
}

Result<std::string> state_file(const Paths& paths, std::string_view name) {
    if (paths.state.empty()) {
        auto error = fail(Code::config_invalid, "there is no folder for state: HOME is not set");
        error.hint = "set HOME or XDG_STATE_HOME";
        return error;
    }
    if (auto made = make_folder(paths.state); !made)
        return made.error();
    return paths.state + "/" + std::string(name);
}

}  // namespace obliv::cli
