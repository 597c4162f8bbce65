#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// Where a result goes: a descriptor, or a file that appears under its name only when it is
/// complete. A reader that has gone ends the program with SIGPIPE, as it does for other filters.
class Sink {
public:
    explicit Sink(int descriptor) : descriptor_(descriptor) {}
    /// A new file beside `path`; `conflict` when `path` exists and `replace` is false.
    static Result<Sink> to_file(const std::string& path, bool replace);

    Sink(Sink&& other) noexcept;
    Sink& operator=(Sink&&) = delete;
    ~Sink();  ///< removes a file that was not committed

    Result<void> write(std::string_view bytes);
    /// Gives the file its name. Nothing to do for a descriptor.
    Result<void> commit();

private:
    Sink(int descriptor, std::string path, std::string temporary)
        : descriptor_(descriptor), path_(std::move(path)), temporary_(std::move(temporary)) {}

    int descriptor_;
    std::string path_;
    std::string temporary_;  ///< empty once committed, or for a descriptor
    bool replace_ = false;
};

/// Writes all of it, however many calls that takes.
Result<void> write_all(int descriptor, std::string_view bytes);

/// Writes a file whole or not at all, with this mode, replacing what is there.
Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode);

}  // namespace obliv::cli
