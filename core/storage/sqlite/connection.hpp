#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace obliv::storage::sqlite {

class LogVfs;

enum class Access : std::uint8_t {
    read,   ///< read-only; the file has to exist
    write,  ///< creates the file (0600), write-ahead log, every commit synced
};

/// One SQLite connection and its prepared statements. One thread at a time.
class Connection {
public:
    static Result<std::unique_ptr<Connection>> open(const std::string& path, Access access);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Runs statements that give no rows.
    Result<void> run(const std::string& sql);
    /// The statement for `sql`, prepared once and kept; null with `failure()` set otherwise.
    sqlite3_stmt* prepared(std::string_view sql);

    sqlite3* handle() noexcept { return handle_; }
    /// The error of the last call, as ours.
    Error failure(std::string_view doing) const;
    std::int64_t last_id() const noexcept;
    std::int64_t changes() const noexcept;

private:
    Connection(sqlite3* handle, std::string path, std::unique_ptr<LogVfs> vfs);
    Result<void> prepare_for(Access access);

    sqlite3* handle_;
    std::string path_;
    std::unique_ptr<LogVfs> vfs_;                                     // null: the default one
    std::unordered_map<std::string_view, sqlite3_stmt*> statements_;  // keyed by their own text
};

}  // namespace obliv::storage::sqlite
