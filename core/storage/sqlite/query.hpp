#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/base/ids.hpp"
#include "core/base/money.hpp"
#include "core/base/result.hpp"
#include "core/storage/page.hpp"
#include "core/storage/sqlite/connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace obliv::storage::sqlite {

/// One use of a prepared statement: values in, rows out, both in the order of the statement. Texts
/// that are bound have to live until the last step. A statement is in one use at a time.
class Query {
public:
    Query(Connection& connection, std::string_view sql);
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    template <typename... Values>
    Query& bind(const Values&... values) {
        (put(values), ...);
        return *this;
    }

    /// True: there is a row.
    Result<bool> step();
    /// To the end, for statements that change something.
    Result<void> run();

    /// The next columns of the row.
    template <typename... Values>
    void read(Values&... values) {
        (get(values), ...);
    }

private:
    void put(std::int64_t value) noexcept;
    void put(std::string_view value) noexcept;
    void put(const Sha256& value) noexcept;
    void put_null() noexcept;
    void put(int value) noexcept { put(std::int64_t{value}); }
    void put(bool value) noexcept { put(std::int64_t{value}); }
    void put(const std::string& value) noexcept { put(std::string_view(value)); }
    void put(Money value) noexcept { put(value.nanos()); }
    void put(WallTime value) noexcept { put(unix_nanos(value)); }
    void put(std::chrono::milliseconds value) noexcept { put(std::int64_t{value.count()}); }
    template <typename Tag>
    void put(Id<Tag> value) noexcept {
        if (value)
            put(value.value);
        else
            put_null();
    }
    template <typename Value>
    void put(const std::optional<Value>& value) noexcept {
        if (value)
            put(*value);
        else
            put_null();
    }
    template <typename Enum>
    requires std::is_enum_v<Enum>
    void put(Enum value) noexcept { put(static_cast<std::int64_t>(value)); }

    bool is_null() const noexcept;
    std::int64_t integer() noexcept;
    std::string_view text() noexcept;
    void get(std::int64_t& value) noexcept { value = integer(); }
    void get(int& value) noexcept { value = static_cast<int>(integer()); }
    void get(bool& value) noexcept { value = integer() != 0; }
    void get(std::string& value) { value = text(); }
    void get(Sha256& value) noexcept;
    void get(Money& value) noexcept { value = Money::nanos(integer()); }
    void get(WallTime& value) noexcept { value = from_unix_nanos(integer()); }
    void get(std::chrono::milliseconds& value) noexcept {
        value = std::chrono::milliseconds(integer());
    }
    template <typename Tag>
    void get(Id<Tag>& value) noexcept {
        value.value = integer();
    }
    template <typename Value>
    void get(std::optional<Value>& value) {
        if (is_null()) {
            value.reset();
            ++column_;
        } else {
            get(value.emplace());
        }
    }
    template <typename Enum>
    requires std::is_enum_v<Enum>
    void get(Enum& value) noexcept { value = static_cast<Enum>(integer()); }

    Connection& connection_;
    sqlite3_stmt* statement_;
    int parameter_ = 0;
    int column_ = 0;
};

/// The first and last id of a page, both outside it. A page's statement ends in
/// `id > ? AND id < ? ORDER BY id ASC|DESC LIMIT ?`.
struct PageBounds {
    std::int64_t above = 0;
    std::int64_t below = std::numeric_limits<std::int64_t>::max();
    std::int64_t rows = 0;  ///< one more than asked: tells whether there is a next page
    std::string_view order = " ORDER BY id ASC LIMIT ?";

    explicit PageBounds(const PageRequest& request) noexcept
        : rows(std::clamp(request.limit, 1, 1000) + 1) {
        if (request.descending)
            order = " ORDER BY id DESC LIMIT ?";
        if (request.after != 0)
            (request.descending ? below : above) = request.after;
    }
};

/// Reads a whole page; `read(query, row)` fills one row, `id(row)` names it.
template <typename Row, typename Read, typename IdOf>
Result<Page<Row>> read_page(Query& query, const PageBounds& bounds, Read read, IdOf id) {
    Page<Row> page;
    for (;;) {
        auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return page;
        if (static_cast<std::int64_t>(page.rows.size()) + 1 == bounds.rows) {
            page.next = id(page.rows.back());
            return page;
        }
        read(query, page.rows.emplace_back());
    }
}

}  // namespace obliv::storage::sqlite
