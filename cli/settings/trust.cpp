#include "cli/settings/trust.hpp"

#include "cli/output/sink.hpp"
#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/base/text.hpp"

namespace obliv::cli {
namespace {

// One line for each file: the digest of path and content, then the path for people to read.
constexpr std::string_view file_name = "trusted";

std::string digest_of(const std::string& file, std::string_view content) {
    auto text = file;
    text.push_back('\0');
    text += content;
    auto digest = sha256(text);
    return to_hex(digest);
}

}  // namespace

bool is_trusted(const Paths& paths, const std::string& file, std::string_view content) {
    if (paths.state.empty())
        return false;
    auto known = read_text_file(paths.state + "/" + std::string(file_name));
    if (!known)
        return false;
    auto wanted = digest_of(file, content);
    for (auto line : split(*known, '\n'))
        if (line.substr(0, line.find(' ')) == wanted)
            return true;
    return false;
}

Result<void> trust(const Paths& paths, const std::string& file, std::string_view content) {
    auto store = state_file(paths, file_name);
    if (!store)
        return store.error();
    std::string kept;
    if (auto known = read_text_file(*store))
        for (auto line : split(*known, '\n'))
            if (!line.empty() && line.substr(std::min(line.find(' '), line.size() - 1) + 1) != file)
                kept += std::string(line) + "\n";
    return write_file(*store, kept + digest_of(file, content) + " " + file + "\n", 0600);
}

}  // namespace obliv::cli
