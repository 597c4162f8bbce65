#include "cli/settings/credentials.hpp"

#include "cli/output/sink.hpp"
#include "core/base/text.hpp"

#include <sys/stat.h>

namespace obliv::cli {
namespace {

// One line each: profile, server and token with tabs between, none of which can hold one.
constexpr std::string_view file_name = "credentials";

std::string line_head(const std::string& profile, const std::string& server) {
    return profile + "\t" + server + "\t";
}

}  // namespace

Result<std::string> Credentials::read() const {
    if (paths_.state.empty())
        return std::string();
    auto path = paths_.state + "/" + std::string(file_name);
    auto text = read_secret_file(path);
    if (!text && text.error().code == Code::not_found)
        return std::string();
    return text;
}

Result<std::optional<Secret>> Credentials::find(const std::string& profile,
                                                const std::string& server) const {
    auto text = read();
    if (!text)
        return text.error();
    auto head = line_head(profile, server);
    for (auto line : split(*text, '\n'))
        if (line.starts_with(head))
            return std::optional<Secret>(Secret(std::string(line.substr(head.size()))));
    return std::optional<Secret>();
}

Result<std::string> Credentials::without(const std::string& profile, const std::string& server,
                                         bool& found) const {
    auto text = read();
    if (!text)
        return text.error();
    auto head = line_head(profile, server);
    std::string kept;
    for (auto line : split(*text, '\n')) {
        if (line.starts_with(head))
            found = true;
        else if (!line.empty())
            kept += std::string(line) + "\n";
    }
    return kept;
}

Result<void> Credentials::store(const std::string& profile, const std::string& server,
                                const Secret& token) const {
    auto path = state_file(paths_, file_name);
    if (!path)
        return path.error();
    bool found = false;
    auto kept = without(profile, server, found);
    if (!kept)
        return kept.error();
    auto mask = ::umask(077);
    auto written = write_file(
        *path, *kept + line_head(profile, server) + std::string(token.reveal()) + "\n", 0600);
    (void)::umask(mask);
    return written;
}

Result<bool> Credentials::remove(const std::string& profile, const std::string& server) const {
    bool found = false;
    auto kept = without(profile, server, found);
    if (!kept)
        return kept.error();
    if (!found)
        return false;
    auto path = state_file(paths_, file_name);
    if (!path)
        return path.error();
    auto mask = ::umask(077);
    auto written = write_file(*path, *kept, 0600);
    (void)::umask(mask);
    if (!written)
        return written.error();
    return true;
}

}  // namespace obliv::cli
