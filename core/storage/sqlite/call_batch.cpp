#include "core/storage/sqlite/call_batch.hpp"

#include "core/base/check.hpp"
#include "core/llm/price.hpp"
#include "core/storage/sqlite/query.hpp"

#include <algorithm>
#include <array>
#include <sqlite3.h>
#include <utility>

// SQLite's interface of a virtual table ("The Virtual Table Mechanism Of SQLite"): an eponymous,
// read-only one, which is always scanned from front to back.

namespace obliv::storage::sqlite {

struct CallBatch::Table {
    std::span<const Call* const> calls;
};

namespace {

// SQLite knows the first member only, and puts its own values there.
struct TableHandle {
    sqlite3_vtab base{};
    const CallBatch::Table* table = nullptr;
};
struct Cursor {
    sqlite3_vtab_cursor base{};
    std::span<const Call* const> calls;
    std::size_t at = 0;
};

void give(sqlite3_context* to, std::int64_t value) {
    sqlite3_result_int64(to, value);
}
void give(sqlite3_context* to, int value) {
    sqlite3_result_int64(to, value);
}
void give(sqlite3_context* to, bool value) {
    sqlite3_result_int64(to, value ? 1 : 0);
}
void give(sqlite3_context* to, const std::string& value) {
    sqlite3_result_text(to, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
}
void give(sqlite3_context* to, Money value) {
    sqlite3_result_int64(to, value.nanos());
}
void give(sqlite3_context* to, WallTime value) {
    sqlite3_result_int64(to, unix_nanos(value));
}
void give(sqlite3_context* to, llm::UsageSource value) {
    sqlite3_result_int64(to, static_cast<std::int64_t>(value));
}
template <typename Tag>
void give(sqlite3_context* to, Id<Tag> value) {
    if (value)
        sqlite3_result_int64(to, value.value);
    else
        sqlite3_result_null(to);
}

// Looking for the newest id costs as much as a few rows gain by it.
constexpr std::size_t follow_rows_min = 8;

struct Column {
    std::string_view name;
    std::string_view plain;  ///< what it is for plain calls, as SQL; empty: that differs
    void (*give)(sqlite3_context* to, const Call& call);
    bool shared = false;  ///< often common to calls of one moment; else the others are null
    bool (*same)(const Call& one, const Call& other) = nullptr;
    void (*bind)(Query& query, const Call& call) = nullptr;
};

template <auto Member>
constexpr Column column(std::string_view name, std::string_view plain = {}) {
    return {name, plain, [](sqlite3_context* to, const Call& call) { give(to, call.*Member); }};
}
template <auto Member>
constexpr Column common(std::string_view name) {
    auto made = column<Member>(name);
    made.shared = true;
    made.same = [](const Call& one, const Call& other) { return one.*Member == other.*Member; };
    made.bind = [](Query& query, const Call& call) { query.bind(call.*Member); };
    return made;
}
template <auto Member>
constexpr Column count(std::string_view name, std::string_view plain = {}) {
    return {name, plain,
            [](sqlite3_context* to, const Call& call) { give(to, call.usage.*Member); }};
}

using llm::Usage;

// In the order of the table of a month: SQLite copies each value once more where it is another.
constexpr std::array columns{
    column<&Call::id>("id"),
    column<&Call::time>("time"),
    column<&Call::request_id>("request_id"),
    common<&Call::tenant>("tenant"),
    common<&Call::account>("account"),
    common<&Call::user>("user"),
    common<&Call::token>("token"),
    common<&Call::model>("model"),
    common<&Call::model_served>("model_served"),
    common<&Call::channel>("channel"),
    common<&Call::key_index>("key_index"),
    count<&Usage::input>("input"),
    count<&Usage::cache_read>("cache_read"),
    count<&Usage::cache_write_5m>("cache_write_5m", "0"),
    count<&Usage::cache_write_1h>("cache_write_1h", "0"),
    count<&Usage::audio_in>("audio_in", "0"),
    count<&Usage::image_in>("image_in", "0"),
    count<&Usage::output>("output"),
    count<&Usage::reasoning>("reasoning"),
    count<&Usage::audio_out>("audio_out", "0"),
    common<&Call::source>("source"),
    common<&Call::price>("price"),
    column<&Call::held>("held"),
    column<&Call::cost>("cost"),
    column<&Call::loss>("loss", "0"),
    column<&Call::ttft_us>("ttft_us"),
    column<&Call::duration_us>("duration_us"),
    common<&Call::status>("status"),
    common<&Call::attempts>("attempts"),
    common<&Call::stream>("stream"),
    common<&Call::finish_reason>("finish_reason"),
    common<&Call::client>("client"),
    common<&Call::user_agent>("user_agent"),
    column<&Call::error>("error", "''"),
    count<&Usage::images>("images", "0"),
    count<&Usage::seconds>("seconds", "0"),
    count<&Usage::characters>("characters", "0"),
    count<&Usage::searches>("searches", "0"),
    column<&Call::share>("share", "1000000"),
    column<&Call::record>("record"),
};

/// Of no usage row: it has a table of its own.
bool is_apart(const Column& column) noexcept {
    return column.name == "record";
}

bool is_brief(const Column& column) noexcept {
    return !column.shared && column.plain.empty();
}

template <std::size_t Index>
bool same_in(const Call& one, const Call& other) noexcept {
    if constexpr (columns[Index].shared)
        return columns[Index].same(one, other);
    return true;
}

/// What `text` makes of each column of a usage row, with commas between.
template <typename Text>
std::string list_of(Text text) {
    std::string list;
    for (const auto& each : columns)
        if (std::string item = is_apart(each) ? "" : text(each); !item.empty())
            list.append(list.empty() ? "" : ", ").append(item);
    return list;
}

int open_table(sqlite3* connection, void* table, int, const char* const*, sqlite3_vtab** out,
               char**) {
    std::string schema = "CREATE TABLE call_batch (";
    for (const auto& each : columns)
        schema.append(each.name).append(&each == &columns.back() ? ")" : ", ");
    int declared = sqlite3_declare_vtab(connection, schema.c_str());
    if (declared != SQLITE_OK)
        return declared;
    auto handle = std::make_unique<TableHandle>();
    handle->table = static_cast<const CallBatch::Table*>(table);
    *out = &handle.release()->base;
    return SQLITE_OK;
}

int close_table(sqlite3_vtab* handle) {
    delete reinterpret_cast<TableHandle*>(handle);
    return SQLITE_OK;
}

int plan(sqlite3_vtab*, sqlite3_index_info* info) {
    info->estimatedCost = 1000;
    info->estimatedRows = 500;
    return SQLITE_OK;
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
    *out = &std::make_unique<Cursor>().release()->base;
    return SQLITE_OK;
}

Cursor& cursor_of(sqlite3_vtab_cursor* cursor) {
    return *reinterpret_cast<Cursor*>(cursor);
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
    delete &cursor_of(cursor);
    return SQLITE_OK;
}

int rewind(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
    auto& self = cursor_of(cursor);
    self.calls = reinterpret_cast<TableHandle*>(cursor->pVtab)->table->calls;
    self.at = 0;
    return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
    ++cursor_of(cursor).at;
    return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* cursor) {
    return cursor_of(cursor).at >= cursor_of(cursor).calls.size() ? 1 : 0;
}

int give_column(sqlite3_vtab_cursor* cursor, sqlite3_context* to, int index) {
    const auto& self = cursor_of(cursor);
    columns[static_cast<std::size_t>(index)].give(to, *self.calls[self.at]);
    return SQLITE_OK;
}

int give_row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
    *id = static_cast<sqlite3_int64>(cursor_of(cursor).at);
    return SQLITE_OK;
}

constexpr sqlite3_module module = [] {
    sqlite3_module made{};
    made.xConnect = open_table;
    made.xDisconnect = close_table;
    made.xBestIndex = plan;
    made.xOpen = open_cursor;
    made.xClose = close_cursor;
    made.xFilter = rewind;
    made.xNext = next;
    made.xEof = at_end;
    made.xColumn = give_column;
    made.xRowid = give_row_id;
    return made;
}();

}  // namespace

const std::string call_columns = call_values(Batch::any);
const std::string brief_columns =
    list_of([](const Column& each) { return std::string(is_brief(each) ? each.name : ""); });
const std::string brief_columns_without_id = list_of([](const Column& each) {
    return std::string(is_brief(each) && each.name != "id" ? each.name : "");
});
const std::string kind_columns =
    list_of([](const Column& each) { return std::string(is_brief(each) ? "" : each.name); });
const std::string joined_columns = list_of(
    [](const Column& each) { return (is_brief(each) ? "b." : "k.") + std::string(each.name); });

std::string call_values(Batch kind) {
    return list_of([kind](const Column& each) {
        if (kind == Batch::alike && each.shared)
            return std::string("?");
        return std::string(kind != Batch::any && !each.plain.empty() ? each.plain : each.name);
    });
}

bool are_alike(const Call& one, const Call& other) noexcept {
    // Unrolled, so that the comparisons are no calls.
    return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        return (same_in<Index>(one, other) && ...);
    }
    (std::make_index_sequence<columns.size()>{});
}

void bind_common(Query& query, const Call& call) {
    for (const auto& each : columns)
        if (each.shared)
            each.bind(query, call);
}

bool is_plain(const Call& call) noexcept {
    static_assert(llm::whole_share == 1'000'000);
    const auto& usage = call.usage;
    auto rare = usage.cache_write_5m | usage.cache_write_1h | usage.audio_in | usage.image_in |
                usage.audio_out | usage.images | usage.seconds | usage.characters | usage.searches |
                call.loss.nanos();
    return rare == 0 && call.share == llm::whole_share && call.error.empty();
}

Result<bool> ids_follow(Connection& connection, const std::string& table,
                        std::span<const Call* const> calls) {
    if (calls.size() < follow_rows_min)
        return false;
    auto before = calls.front()->id.value - 1;
    for (std::size_t i = 1; i < calls.size(); ++i)
        if (calls[i]->id.value - 1 != calls[i - 1]->id.value)
            return false;
    Query query(connection, "SELECT coalesce(max(id), 0) FROM " + table);
    auto row = query.step();
    if (!row)
        return row.error();
    std::int64_t newest = 0;
    query.read(newest);
    return newest == before;
}

Result<void> ends_with(Connection& connection, const Call& last) {
    if (connection.last_id() == last.id.value)
        return ok();
    return fail(Code::corrupt, "call " + last.id.text() + " was stored under the id " +
                                   std::to_string(connection.last_id()));
}

CallBatch::CallBatch(sqlite3* connection) : table_(std::make_unique<Table>()) {
    int made = sqlite3_create_module_v2(connection, "call_batch", &module, table_.get(), nullptr);
    check(made == SQLITE_OK, "a connection takes the table of the batch");
}

CallBatch::~CallBatch() = default;

void CallBatch::show(std::span<const Call* const> calls) noexcept {
    table_->calls = calls;
    kind_ = Batch::any;
    if (!std::all_of(calls.begin(), calls.end(), [](const Call* call) { return is_plain(*call); }))
        return;
    bool same = std::all_of(calls.begin() + 1, calls.end(),
                            [&](const Call* call) { return are_alike(*call, *calls.front()); });
    kind_ = same ? Batch::alike : Batch::plain;
}

const Call& CallBatch::front() const noexcept {
    return *table_->calls.front();
}

}  // namespace obliv::storage::sqlite
