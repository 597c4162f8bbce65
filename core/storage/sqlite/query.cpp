#include "core/storage/sqlite/query.hpp"

#include "core/base/check.hpp"
#include "core/base/encoding.hpp"

#include <sqlite3.h>

namespace obliv::storage::sqlite {

Query::Query(Connection& connection, std::string_view sql)
    : connection_(connection), statement_(connection.prepared(sql)) {
    if (statement_)
        check(sqlite3_stmt_busy(statement_) == 0, "a statement is in one use at a time");
}

Query::~Query() {
    // Ends the statement's read transaction and lets go of the texts that were bound.
    if (statement_) {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
}

Result<bool> Query::step() {
    if (!statement_)
        return connection_.failure("ask");
    column_ = 0;
    int state = sqlite3_step(statement_);
    if (state == SQLITE_ROW)
        return true;
    if (state == SQLITE_DONE)
        return false;
    // SQLite takes the beginning and the end of a transaction for reading; only a SELECT has
    // columns.
    return connection_.failure(sqlite3_column_count(statement_) > 0 ? "read" : "write to");
}

Result<void> Query::run() {
    for (;;) {
        auto row = step();
        if (!row)
            return row.error();
        if (!*row)
            return ok();
    }
}

void Query::put(std::int64_t value) noexcept {
    if (statement_)
        sqlite3_bind_int64(statement_, ++parameter_, value);
}

void Query::put(std::string_view value) noexcept {
    // A null pointer would bind NULL; an empty text is a text.
    if (statement_)
        sqlite3_bind_text(statement_, ++parameter_, value.empty() ? "" : value.data(),
                          static_cast<int>(value.size()), SQLITE_STATIC);
}

void Query::put(const Sha256& value) noexcept {
    if (statement_)
        sqlite3_bind_blob(statement_, ++parameter_, value.data(), static_cast<int>(value.size()),
                          SQLITE_STATIC);
}

void Query::put_null() noexcept {
    if (statement_)
        sqlite3_bind_null(statement_, ++parameter_);
}

bool Query::is_null() const noexcept {
    return sqlite3_column_type(statement_, column_) == SQLITE_NULL;
}

std::int64_t Query::integer() noexcept {
    return sqlite3_column_int64(statement_, column_++);
}

std::string_view Query::text() noexcept {
    auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column_));
    auto count = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_));
    ++column_;
    return count == 0 ? std::string_view{} : std::string_view(bytes, count);
}

void Query::get(Sha256& value) noexcept {
    auto bytes = as_bytes(text());
    value.fill(0);
    std::copy_n(bytes.begin(), std::min(bytes.size(), value.size()), value.begin());
}

}  // namespace obliv::storage::sqlite
