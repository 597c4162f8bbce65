#include "daemon/server/bodies.hpp"

#include "core/loop/unnamed_file.hpp"

#include <filesystem>

namespace obliv::server {
namespace {

constexpr std::size_t threads = 2;
constexpr std::size_t queue_max = 4096;

}  // namespace

Bodies::Bodies(std::string folder, std::int64_t memory_max, std::int64_t disk_max)
    : memory(memory_max), disk(disk_max), folder_(std::move(folder)),
      pool_("bodies", threads, queue_max) {
    // A process that was killed in the moment between making a file and taking its name away.
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_, ignored))
        if (entry.path().filename().string().starts_with(loop::UnnamedFile::name_begins))
            fs::remove(entry.path(), ignored);
}

}  // namespace obliv::server
