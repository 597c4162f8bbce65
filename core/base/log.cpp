#include "core/base/log.hpp"

#include "core/base/clock.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace obliv::log {
namespace {

constexpr std::size_t queue_bytes_max = 4U << 20;
constexpr std::size_t events_max = 1024;
constexpr std::size_t line_bytes_usual = 384;
// Lines of requests wait this long for company: one write for many lines is what keeps logging
// cheap. While they keep coming the thread looks for them by itself, so that no request wakes it.
constexpr auto batch_window = std::chrono::milliseconds(50);

std::atomic<Level> current_level{Level::info};
std::atomic<Format> current_format{Format::text};
std::atomic<int> current_descriptor{2};

void write_all(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        auto done = ::write(descriptor, text.data(), text.size());
        if (done > 0) {
            text.remove_prefix(static_cast<std::size_t>(done));
        } else if (done < 0 && errno == EAGAIN) {
            // The descriptor may be non-blocking because somebody else made it so (a shared
            // terminal).
            pollfd waiting{descriptor, POLLOUT, 0};
            if (::poll(&waiting, 1, 1000) <= 0)
                return;
        } else if (!(done < 0 && errno == EINTR)) {
            return;  // Nowhere left to complain to.
        }
    }
}

/// The bounded queue and its writer thread.
class Writer {
public:
    ~Writer() { stop(); }

    void start() {
        std::lock_guard lock(mutex_);
        if (running_)
            return;
        running_ = true;
        thread_ = std::thread([this] { run(); });
    }

    void stop() noexcept {
        {
            std::lock_guard lock(mutex_);
            if (!running_)
                return;
            running_ = false;
        }
        wake_.notify_one();
        thread_.join();
    }

    void add(std::string&& line, bool urgent) {
        bool wakes = false;
        {
            std::lock_guard lock(mutex_);
            if (!running_) {
                write_all(current_descriptor, line);
                return;
            }
            bool fits = pending_.size() + line.size() <= queue_bytes_max;
            if (fits)
                pending_ += line;
            else
                ++dropped_;
            urgent = urgent && fits;
            urgent_ = urgent_ || urgent;
            bool slept = std::exchange(asleep_, false);
            wakes = urgent || slept;
        }
        if (wakes)
            wake_.notify_one();
    }

    /// How many lines of `event` were suppressed before this one may pass; nothing if it may not.
    bool admit(std::string_view event, SteadyTime now, std::int64_t& suppressed) {
        std::lock_guard lock(mutex_);
        auto found = events_.find(event);
        if (found == events_.end()) {
            if (events_.size() >= events_max)
                events_.clear();
            found = events_.emplace(std::string(event), Event{}).first;
        } else if (now - found->second.last < std::chrono::seconds(1)) {
            ++found->second.suppressed;
            return false;
        }
        suppressed = found->second.suppressed;
        found->second = Event{now, 0};
        return true;
    }

private:
    struct Event {
        SteadyTime last{};
        std::int64_t suppressed = 0;
    };

    void run() {
        std::string batch;
        bool quiet = true;
        std::unique_lock lock(mutex_);
        while (running_ || !pending_.empty()) {
            if (quiet)
                sleep(lock);
            wake_.wait_for(lock, batch_window, [this] { return urgent_ || !running_; });
            urgent_ = false;
            batch.swap(pending_);
            quiet = batch.empty();
            auto dropped = std::exchange(dropped_, 0);
            lock.unlock();
            if (dropped > 0)
                batch += format_line(
                    current_format, Level::warning, unix_nanos(real_clock().wall()),
                    "log lines were dropped: the log is read too slowly", {{"count", dropped}});
            if (!batch.empty())
                write_all(current_descriptor, batch);
            batch.clear();
            lock.lock();
        }
    }

    /// Until there is something to write.
    void sleep(std::unique_lock<std::mutex>& lock) {
        asleep_ = pending_.empty() && dropped_ == 0 && running_;
        wake_.wait(lock, [this] { return !asleep_ || !running_; });
        asleep_ = false;
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::thread thread_;
    // Guarded by mutex_.
    std::string pending_;
    std::int64_t dropped_ = 0;
    std::map<std::string, Event, std::less<>> events_;
    bool running_ = false;
    bool urgent_ = false;
    bool asleep_ = false;  // the next line wakes the thread
};

Writer& writer() {
    static Writer instance;
    return instance;
}

/// What a byte needs in a line.
enum class Class : std::uint8_t {
    word,     ///< may stand without quotes
    plain,    ///< stands for itself inside quotes
    special,  ///< has to be looked at
};

constexpr auto classes = [] {
    std::array<Class, 256> table{};
    table.fill(Class::special);
    for (unsigned c = 0x20; c < 0x7F; ++c)
        table[c] = c == '"' || c == '\\' ? Class::special : Class::plain;
    for (char c :
         std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/+,@"))
        table[static_cast<unsigned char>(c)] = Class::word;
    return table;
}();

/// The least that all bytes of `text` allow.
Class class_of(std::string_view text) noexcept {
    auto worst = Class::word;
    for (char c : text)
        worst = std::max(worst, classes[static_cast<unsigned char>(c)]);
    return worst;
}

void append_escaped(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
}

void append_message(std::string& out, std::string_view text) {
    if (class_of(text) == Class::special)
        append_escaped(out, visible(text));
    else
        out += text;
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    // Invalid UTF-8 and C1 controls are marked first: neither JSON nor a terminal may carry them.
    if (class_of(text) == Class::special)
        append_escaped(out, without_dangers(text));
    else
        out += text;
    out += '"';
}

bool plain_word(std::string_view text) {
    return !text.empty() && class_of(text) == Class::word;
}

/// A text without content says nothing that its absence would not.
bool empty(const Field& field) {
    const auto* text = std::get_if<std::string_view>(&field.value);
    return text != nullptr && text->empty();
}

void append_value(std::string& out, const Field& field, bool json) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value))
        out += std::to_string(*number);
    else if (const auto* truth = std::get_if<bool>(&field.value))
        out += *truth ? "true" : "false";
    else if (auto text = std::get<std::string_view>(field.value); !json && plain_word(text))
        out += text;
    else
        append_quoted(out, text);
}

/// Numbers of syslog(3).
int priority(Level level) noexcept {
    return static_cast<int>(level) + 3;
}

struct Name {
    Level level;
    std::string_view name;
};
constexpr std::array names{Name{Level::err, "err"}, Name{Level::warning, "warning"},
                           Name{Level::notice, "notice"}, Name{Level::info, "info"},
                           Name{Level::debug, "debug"}};

std::string format_json(Level level, std::int64_t unix_nanos, std::string_view message,
                        std::initializer_list<Field> fields) {
    std::string out = "{\"time\":\"" + rfc3339(from_unix_nanos(unix_nanos)) + "\",\"level\":\"";
    out += level_name(level);
    out += "\",\"message\":";
    append_quoted(out, message);
    for (const auto& field : fields) {
        if (empty(field))
            continue;
        out += ",\"";
        out += field.key;
        out += "\":";
        append_value(out, field, true);
    }
    out += "}\n";
    return out;
}

}  // namespace

std::string format_line(Format format, Level level, std::int64_t unix_nanos,
                        std::string_view message, std::initializer_list<Field> fields) {
    if (format == Format::json)
        return format_json(level, unix_nanos, message, fields);
    std::string out;
    out.reserve(line_bytes_usual);
    if (format == Format::journal)
        out = "<" + std::to_string(priority(level)) + ">";
    else
        out.append(rfc3339(from_unix_nanos(unix_nanos)))
            .append(" ")
            .append(level_name(level))
            .append(" ");
    append_message(out, message);
    for (const auto& field : fields) {
        if (empty(field))
            continue;
        out += ' ';
        out += field.key;
        out += '=';
        append_value(out, field, false);
    }
    out += '\n';
    return out;
}

void start(const Options& options) {
    current_level = options.level;
    current_format = options.format;
    current_descriptor = options.descriptor;
    writer().start();
}

void stop() noexcept {
    writer().stop();
}

void set_level(Level level) noexcept {
    current_level = level;
}

Level level() noexcept {
    return current_level;
}

bool enabled(Level level) noexcept {
    return level <= current_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    if (!enabled(level))
        return;
    auto line =
        format_line(current_format, level, unix_nanos(real_clock().wall()), message, fields);
    writer().add(std::move(line), level <= Level::notice);
}

void write_limited(Level level, std::string_view event, std::string_view message,
                   std::initializer_list<Field> fields) {
    std::int64_t suppressed = 0;
    if (!enabled(level) || !writer().admit(event, real_clock().steady(), suppressed))
        return;
    write(level, message, fields);
    if (suppressed > 0)
        write(level, "earlier lines like the last one were left out",
              {{"event", event}, {"count", suppressed}});
}

std::string_view level_name(Level level) noexcept {
    return names[static_cast<std::size_t>(level)].name;
}

bool level_from_name(std::string_view name, Level& out) noexcept {
    for (const auto& row : names)
        if (row.name == name) {
            out = row.level;
            return true;
        }
    return false;
}

}  // namespace obliv::log
