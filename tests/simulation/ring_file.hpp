#pragma once

#include "core/base/random.hpp"
#include "tests/simulation/memory_file.hpp"

#include <string>

namespace obliv::simulation {

/// The file of the intent ring, as kills and power cuts leave it. The ring maps the file, so what
/// the kernel has brought to the disk by itself is some pages of some earlier time.
class RingFile {
public:
    RingFile(std::string path, Random& random) : path_(std::move(path)), random_(random) {}

    /// The ring was started: its head and its size are on the disk.
    void started();
    /// The kernel saves a page.
    void write_back();
    /// The process dies at this instant; what it does to the file afterwards does not count.
    void freeze();
    void thaw() { frozen_ = false; }

    // After it was closed:
    void put_frozen() const { put(at_death_); }
    void put_saved() const { put(saved_); }

private:
    Bytes get() const;
    void put(const Bytes& bytes) const;

    std::string path_;
    Random& random_;
    Bytes saved_;
    Bytes at_death_;
    bool frozen_ = false;
};

}  // namespace obliv::simulation
