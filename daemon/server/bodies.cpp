#include "daemon/server/bodies.hpp"

#include "core/base/log.hpp"
#include "core/loop/unnamed_file.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <sys/statvfs.h>

namespace obliv::server {
namespace {

constexpr std::size_t threads = 2;
constexpr std::size_t queue_max = 4096;

}  // namespace

Bodies::Bodies(std::string folder, std::int64_t memory_max, std::int64_t disk_max)
    : memory(memory_max), disk(disk_max), ahead(std::numeric_limits<std::int64_t>::max()),
      folder_(std::move(folder)), pool_("bodies", threads, queue_max) {
    // A process that was killed in the moment between making a file and taking its name away.
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_, ignored))
        if (entry.path().filename().string().starts_with(loop::UnnamedFile::name_begins))
            fs::remove(entry.path(), ignored);
}

std::optional<std::int64_t> Bodies::free_bytes() const noexcept {
    struct statvfs system {};
    if (::statvfs(folder_.c_str(), &system) != 0)
        return std::nullopt;
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    auto blocks = std::min<std::uint64_t>(system.f_bavail, most / system.f_frsize);
    auto bytes = static_cast<std::int64_t>(blocks * system.f_frsize);
    return bytes - std::min(bytes, reserve_.load(std::memory_order_relaxed));
}

void Bodies::compare_with_disk() const {
    auto free = free_bytes();
    if (!free || *free >= disk.most() - disk.taken())
        return;
    log::write(log::Level::warning,
               "the disk has less free than limits.body_disk: large request bodies are refused "
               "before it is full",
               {{"folder", folder_},
                {"free_bytes", *free},
                {"body_disk", disk.most()},
                {"disk_reserve", reserve_.load(std::memory_order_relaxed)}});
}

}  // namespace obliv::server
