#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace obliv::log {

/// err: needs a human · warning: degraded · notice: lifecycle · info: one line per request · debug.
enum class Level : std::uint8_t { err, warning, notice, info, debug };

enum class Format : std::uint8_t {
    text,     ///< for a person: time, level, message, key=value
    json,     ///< one object a line
    journal,  ///< text with `<n>` priorities and no time, as journald wants it
};

/// One named value of a line; an empty text is left out. Never a secret, a prompt or a body.
struct Field {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, bool> value;

    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
    Field(std::string_view k, std::int64_t v) : key(k), value(v) {}
    Field(std::string_view k, int v) : key(k), value(std::int64_t{v}) {}
    Field(std::string_view k, bool v) : key(k), value(v) {}
};

struct Options {
    Level level = Level::info;
    Format format = Format::text;
    int descriptor = 2;
};

/// Starts the writer thread. Before it (and in programs that never call it) lines go out at once.
void start(const Options& options);
/// Writes what is queued and ends the writer thread. Idempotent.
void stop() noexcept;
void set_level(Level level) noexcept;
Level level() noexcept;
bool enabled(Level level) noexcept;

/// Queues one line; never blocks on the descriptor. When the queue (4 MiB) is full the line is
/// dropped and counted, and the count is logged as soon as there is room. Safe from any thread.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
/// The same, at most once per `event` and second; the next one that passes says how many were left
/// out.
void write_limited(Level level, std::string_view event, std::string_view message,
                   std::initializer_list<Field> fields = {});

/// One line as it would be written, LF included. Control bytes in values are escaped.
std::string format_line(Format format, Level level, std::int64_t unix_nanos,
                        std::string_view message, std::initializer_list<Field> fields);

/// `err`, `warning`, `notice`, `info`, `debug`, and back.
std::string_view level_name(Level level) noexcept;
bool level_from_name(std::string_view name, Level& out) noexcept;

}  // namespace obliv::log
