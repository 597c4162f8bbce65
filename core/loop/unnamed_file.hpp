#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace obliv::loop {

/// What a file holds, as memory that can be read. The kernel keeps it among its own pages and takes
/// it to the disk where it must, so it is no memory of this process for long. Giving it back frees
/// those pages, which takes milliseconds for a hundred megabytes.
class Mapping {
public:
    Mapping() = default;
    Mapping(const char* data, std::size_t size, std::size_t mapped) noexcept
        : data_(data), size_(size), mapped_(mapped) {}
    Mapping(Mapping&& other) noexcept { *this = std::move(other); }
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(mapped_, other.mapped_);
        return *this;
    }
    ~Mapping();

    std::string_view view() const noexcept { return {data_, size_}; }

private:
    const char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t mapped_ = 0;
};

/// A file that nobody else can open and that is gone with the process, however it ends. Its calls
/// wait for the disk: not for a loop's thread.
class UnnamedFile {
public:
    /// Where nothing is mapped behind the text, reading a little past its end would be an error.
    static constexpr std::size_t padding = 64;
    /// How the names begin that files have for a moment, on file systems without unnamed ones.
    static constexpr std::string_view name_begins = ".body-";

    UnnamedFile() = default;
    UnnamedFile(UnnamedFile&& other) noexcept { *this = std::move(other); }
    UnnamedFile& operator=(UnnamedFile&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~UnnamedFile();

    /// `unavailable` with the reason.
    static Result<UnnamedFile> make(const std::string& folder);
    explicit operator bool() const noexcept { return descriptor_ >= 0; }

    Result<void> append(std::string_view bytes);
    /// All of it, with `padding` readable bytes behind. The file is not to be written after this.
    Result<Mapping> map() const;

private:
    int descriptor_ = -1;
    std::size_t size_ = 0;
};

/// Takes what has been read of a Mapping out of this process's memory. It can be read again.
/// Anything else it must not be called with.
void let_go(std::string_view mapped) noexcept;

}  // namespace obliv::loop
