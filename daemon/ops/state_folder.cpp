#include "daemon/ops/state_folder.hpp"

#include "core/base/encoding.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/config/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace obliv::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t key_file_bytes_max = 4096;

Error failed(const std::string& what, const std::string& path) {
    return fail(Code::io, "cannot " + what + " " + path + ": " + std::strerror(errno));
}

Result<MasterKey> key_from_hex(std::string_view text, const std::string& where) {
    auto bytes = from_hex(trim(text.substr(0, text.find('\n'))));
    MasterKey key{};
    if (!bytes || bytes->size() != key.size())
        return fail(Code::config_invalid, where + ": expected 64 hexadecimal digits");
    std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(key.data()));
    return key;
}

Result<MasterKey> read_key(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return fail(errno == ENOENT ? Code::not_found : Code::io,
                    path + ": " + std::strerror(errno));
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(Code::config_invalid,
                    path + ": others may read the master key: run chmod 600 on it");
    auto text = config::read_file(path, key_file_bytes_max);
    if (!text)
        return fail(Code::io, path + ": " + text.error().message);
    return key_from_hex(*text, path);
}

bool write_and_sync(int file, std::string_view text) {
    return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
           ::fsync(file) == 0;
}

Result<void> sync_folder(const std::string& path) {
    int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = folder >= 0 && ::fsync(folder) == 0;
    auto error = failed("write", path);
    ::close(folder);
    if (!done)
        return error;
    return ok();
}

/// Writes beside and renames, so that a crash leaves either no key or a whole one.
Result<MasterKey> make_key(const std::string& folder, const std::string& path) {
    MasterKey key{};
    random_bytes(key);
    auto fresh = path + ".new";
    ::unlink(fresh.c_str());
    int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return failed("write", fresh);
    bool written = write_and_sync(file, to_hex(key) + "\n");
    auto error = failed("write", fresh);
    ::close(file);
    if (!written)
        return error;
    // A link, unlike a rename, refuses to replace a key that appeared meanwhile.
    if (::link(fresh.c_str(), path.c_str()) != 0)
        return failed("write", path);
    ::unlink(fresh.c_str());
    if (auto synced = sync_folder(folder); !synced)
        return synced.error();
    return key;
}

Result<MasterKey> current_key(const config::Config& config, bool may_create) {
    if (!config.secrets.master_key.empty())
        return key_from_hex(config.secrets.master_key.reveal(), "secrets.master_key");
    auto path = config.server.data_dir + "/master.key";
    auto key = read_key(path);
    if (key || key.error().code != Code::not_found)
        return key;
    if (fs::exists(config.storage.path))
        return fail(Code::config_invalid, path + " is missing, and " + config.storage.path +
                                              " exists: its secrets can be read only with the key "
                                              "they were stored under; bring it back");
    if (!may_create)
        return key;
    return make_key(config.server.data_dir, path);
}

}  // namespace

Result<StateFolder> StateFolder::open(const std::string& path) {
    std::error_code error;
    bool existed = fs::is_directory(path, error);
    fs::create_directories(path, error);
    if (error)
        return fail(Code::io, "cannot make the state folder " + path + ": " + error.message());
    if (!existed)
        ::chmod(path.c_str(), 0700);
    auto name = path + "/oblivd.lock";
    int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return failed("open", name);
    StateFolder held(lock);
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0)
        return held;
    if (errno == EWOULDBLOCK)
        return fail(Code::conflict, "another oblivd uses the state folder " + path);
    return failed("lock", name);
}

StateFolder::StateFolder(StateFolder&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}

StateFolder::~StateFolder() {
    if (lock_ >= 0)
        ::close(lock_);
}

Result<MasterKeys> master_keys(const config::Config& config, bool may_create) {
    MasterKeys out;
    auto current = current_key(config, may_create);
    if (!current)
        return current.error();
    out.current = *current;
    if (!config.secrets.previous_master_key.empty()) {
        auto previous = key_from_hex(config.secrets.previous_master_key.reveal(),
                                     "secrets.previous_master_key");
        if (!previous)
            return previous.error();
        out.previous = *previous;
    }
    return out;
}

}  // namespace obliv::ops
