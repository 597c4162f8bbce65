#pragma once

#include <memory>

namespace obliv::storage::sqlite {

/// A VFS over the default one that writes at once what lies side by side in a write-ahead log,
/// where SQLite writes the head and the page of each frame by itself: a group is one write instead
/// of ten.
///
/// Writes are kept until the log is synced, read, cut or written elsewhere, and reach the file in
/// their order. For `synchronous = FULL` only: there the log is synced before its index tells
/// anybody of its frames, so nobody looks for one that has not been written, and what is lost with
/// the process belongs to no transaction that was committed. A write that fails does so at the sync
/// at the latest, which fails the commit.
class LogVfs {
public:
    LogVfs();
    ~LogVfs();  // after the connections that were opened with it
    LogVfs(const LogVfs&) = delete;
    LogVfs& operator=(const LogVfs&) = delete;
    /// The transaction was rolled back: what is kept of it is never written. Somebody else's
    /// program may be the next to write there.
    void forget() noexcept;
    /// To open one connection with; null: the default.
    const char* name() const noexcept;

private:
    struct Vfs;
    std::unique_ptr<Vfs> vfs_;
};

}  // namespace obliv::storage::sqlite
