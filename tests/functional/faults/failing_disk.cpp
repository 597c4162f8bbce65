// Loaded into oblivd before the C library: lets the disk fail as a test says. The file that
// OBLIV_DISK_FAULT names holds one letter: f (full), r (read-only), s (nothing can be synced), or
// anything else for a disk that works. Only regular files are concerned, and of them only the store
// and its log.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

const volatile char* control() {
    static const volatile char* const mapped = [] {
        const char* path = std::getenv("OBLIV_DISK_FAULT");
        int descriptor = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
            return static_cast<const volatile char*>("-");
        void* page = ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, descriptor, 0);
        ::close(descriptor);
        return page == MAP_FAILED ? "-" : static_cast<const volatile char*>(page);
    }();
    return mapped;
}

bool is_store(int descriptor) {
    char link[64];
    char path[512];
    std::snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    auto size = ::readlink(link, path, sizeof(path) - 1);
    if (size < 0)
        return false;
    path[size] = 0;
    const char* name = std::strrchr(path, '/');
    return name != nullptr && std::strstr(name, ".db") != nullptr &&
           std::strstr(name, "-shm") == nullptr;
}

/// Zero: it is done as usual.
int error_of(int descriptor, bool writes) {
    char kind = *control();
    bool fails = writes ? kind == 'f' || kind == 'r' : kind == 's' || kind == 'r';
    if (!fails || !is_store(descriptor))
        return 0;
    return kind == 'f' ? ENOSPC : kind == 'r' ? EROFS : EIO;
}

template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

template <typename... Arguments>
ssize_t write_unless(const char* name, int descriptor, Arguments... arguments) {
    if (int error = error_of(descriptor, true); error != 0) {
        errno = error;
        return -1;
    }
    return next<ssize_t (*)(int, Arguments...)>(name)(descriptor, arguments...);
}

int sync_unless(const char* name, int descriptor) {
    if (int error = error_of(descriptor, false); error != 0) {
        errno = error;
        return -1;
    }
    return next<int (*)(int)>(name)(descriptor);
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
    return write_unless("write", descriptor, bytes, size);
}
ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
    return write_unless("pwrite", descriptor, bytes, size, offset);
}
ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
    return write_unless("pwrite64", descriptor, bytes, size, offset);
}
int ftruncate64(int descriptor, off64_t size) noexcept {
    if (int error = error_of(descriptor, true); error != 0) {
        errno = error;
        return -1;
    }
    return next<int (*)(int, off64_t)>("ftruncate64")(descriptor, size);
}
int fsync(int descriptor) {
    return sync_unless("fsync", descriptor);
}
int fdatasync(int descriptor) {
    return sync_unless("fdatasync", descriptor);
}

}  // extern "C"
