#include "cli/chat/history.hpp"

#include "cli/output/sink.hpp"
#include "core/base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace obliv::cli {
namespace {

constexpr std::size_t entries_max = 1000;

/// One entry is one line of the file.
std::string escaped(std::string_view entry) {
    std::string out;
    for (char c : entry) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

std::string unescaped(std::string_view line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && i + 1 < line.size())
            out += line[++i] == 'n' ? '\n' : line[i];
        else
            out += line[i];
    }
    return out;
}

std::string read_whole(const std::string& path) {
    std::string text;
    int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return text;
    std::array<char, 16384> buffer{};
    for (ssize_t got = 0; (got = ::read(file, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(file);
    return text;
}

}  // namespace

History::History(std::string path) : path_(std::move(path)) {
    if (path_.empty())
        return;
    auto text = read_whole(path_);
    for (auto line : split(text, '\n'))
        if (!line.empty() && !first_invalid_utf8(line))
            entries_.push_back(unescaped(line));
    if (entries_.size() <= entries_max)
        return;
    entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(entries_max));
    // Only here does the file get shorter; between these moments lines are added to its end.
    std::string kept;
    for (const auto& entry : entries_)
        kept += escaped(entry) + "\n";
    auto mask = ::umask(077);
    (void)write_file(path_, kept, 0600);
    (void)::umask(mask);
}

Result<void> History::add(const std::string& entry) {
    if (entry.empty() || entry.starts_with(' ') || (!entries_.empty() && entries_.back() == entry))
        return ok();
    entries_.push_back(entry);
    if (path_.empty())
        return ok();
    int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        return fail(Code::io, "cannot write '" + path_ + "': " + std::strerror(errno));
    auto written = write_all(file, escaped(entry) + "\n");
    ::close(file);
    return written;
}

std::size_t History::find_before(std::size_t before, std::string_view text) const {
    for (auto i = before; i-- > 0;)
        if (entries_[i].find(text) != std::string::npos)
            return i;
    return entries_.size();
}

}  // namespace obliv::cli
