#include "core/config/files.hpp"

#include "core/config/limits.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace obliv::config {
namespace {

namespace fs = std::filesystem;

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0)
            ::close(number);
    }
};

Error problem(int number) {
    return fail(number == ENOENT ? Code::not_found : Code::io, std::strerror(number));
}

/// Whoever may write the folder may change every setting.
bool trusted(const struct stat& folder, const struct stat& file) {
    bool owner = folder.st_uid == 0 || folder.st_uid == geteuid() || folder.st_uid == file.st_uid;
    return owner && (folder.st_mode & S_IWOTH) == 0;
}

Result<std::vector<std::string>> settings_in(const fs::path& folder) {
    std::vector<std::string> out;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        auto name = at->path().filename().string();
        if (name.ends_with(".toml") && !name.starts_with('.'))
            out.push_back(at->path().string());
    }
    if (error)
        return fail(Code::config_invalid, folder.string() + ": " + error.message());
    if (out.size() > static_cast<std::size_t>(limits::config_files))
        return fail(Code::config_invalid, folder.string() + ": holds more than " +
                                              std::to_string(limits::config_files) + " files");
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::int64_t bytes_max) {
    Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number < 0)
        return problem(errno);
    std::string out;
    std::array<char, 16384> chunk{};
    while (true) {
        auto got = ::read(file.number, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return problem(errno);
        if (got == 0)
            return out;
        out.append(chunk.data(), static_cast<std::size_t>(got));
        if (static_cast<std::int64_t>(out.size()) > bytes_max)
            return fail(Code::io, "larger than " + std::to_string(bytes_max) + " bytes");
    }
}

Result<std::vector<std::string>> drop_ins(const std::string& config_file) {
    auto folder = fs::path(config_file).parent_path() / "conf.d";
    struct stat folder_status {};
    if (::stat(folder.c_str(), &folder_status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::vector<std::string>();
        return fail(Code::config_invalid, folder.string() + ": " + std::strerror(errno));
    }
    struct stat file_status = folder_status;
    if (::stat(config_file.c_str(), &file_status) != 0)
        file_status.st_uid = geteuid();
    if (!trusted(folder_status, file_status))
        return fail(Code::config_invalid, folder.string() + ": others may write there: it must "
                                                            "belong to root or to you, mode 0755");
    return settings_in(folder);
}

}  // namespace obliv::config
