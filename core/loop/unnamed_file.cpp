#include "core/loop/unnamed_file.hpp"

#include "core/base/log.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace obliv::loop {
namespace {

constexpr std::uintptr_t page = 4096;

/// The reason is the operator's to know.
Error failure(std::string_view what) {
    log::write_limited(log::Level::err, "body_not_filed",
                       "a request body could not be put into a file",
                       {{"at", what}, {"why", std::strerror(errno)}});
    return fail(Code::unavailable, "there is no place for a body of this size at the moment");
}

int open_named(const std::string& folder) {
    auto name = folder + "/" + std::string(UnnamedFile::name_begins) + "XXXXXX";
    int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0)
        ::unlink(name.c_str());
    return descriptor;
}

}  // namespace

Mapping::~Mapping() {
    if (data_ != nullptr)
        ::munmap(const_cast<char*>(data_), mapped_);
}

UnnamedFile::~UnnamedFile() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

Result<UnnamedFile> UnnamedFile::make(const std::string& folder) {
    UnnamedFile file;
    file.descriptor_ = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    // Not every file system has them.
    if (!file && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        file.descriptor_ = open_named(folder);
    if (!file)
        return failure(folder);
    return file;
}

Result<void> UnnamedFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        auto wrote = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return failure("writing");
        size_ += static_cast<std::size_t>(wrote);
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return ok();
}

Result<Mapping> UnnamedFile::map() const {
    // Written, and not only added: a page that has to be made when it is read can be refused then.
    constexpr std::array<char, padding> end{};
    auto mapped = size_ + padding;
    auto wrote = ::pwrite(descriptor_, end.data(), padding, static_cast<off_t>(size_));
    if (wrote != static_cast<ssize_t>(padding))
        return failure("its end");
    auto* memory = ::mmap(nullptr, mapped, PROT_READ, MAP_SHARED, descriptor_, 0);
    if (memory == MAP_FAILED)
        return failure("mapping");
    return Mapping(static_cast<const char*>(memory), size_, mapped);
}

void let_go(std::string_view mapped) noexcept {
    auto begin = (reinterpret_cast<std::uintptr_t>(mapped.data()) + page - 1) & ~(page - 1);
    auto end = (reinterpret_cast<std::uintptr_t>(mapped.data()) + mapped.size()) & ~(page - 1);
    if (begin < end)
        ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace obliv::loop
