#include "cli/commands/yaml.hpp"

#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace obliv::cli {
namespace {

constexpr std::size_t depth_max = 32;

struct Line {
    std::size_t number = 0;
    std::size_t indent = 0;
    std::string text;
};

/// Where a comment begins outside of quotes.
std::size_t end_of_content(std::string_view line) {
    char quote = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
        char c = line[at];
        if (quote != 0)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '#' && (at == 0 || line[at - 1] == ' '))
            return at;
    }
    return line.size();
}

class Parser {
public:
    Result<Json> parse(std::string_view text) {
        if (auto read = read_lines(text); !read)
            return read.error();
        if (lines_.empty())
            return Json::object();
        auto value = block(lines_.front().indent, 0);
        if (value && at_ < lines_.size())
            return wrong("expected the end");
        return value;
    }

private:
    Error wrong(const std::string& what) const {
        auto line = at_ < lines_.size() ? lines_[at_].number : lines_.back().number;
        return fail(Code::usage, "line " + std::to_string(line) + ": " + what);
    }

    Result<void> read_lines(std::string_view text) {
        std::size_t number = 0;
        for (auto raw : split(text, '\n')) {
            ++number;
            if (raw.ends_with('\r'))
                raw.remove_suffix(1);
            auto content = raw.substr(0, end_of_content(raw));
            auto indent = content.find_first_not_of(' ');
            if (indent == std::string_view::npos || content == "---")
                continue;
            if (content[indent] == '\t')
                return fail(Code::usage, "line " + std::to_string(number) + ": indented by a tab");
            lines_.push_back({number, indent, std::string(trim(content.substr(indent)))});
        }
        return ok();
    }

    bool here(std::size_t indent) const {
        return at_ < lines_.size() && lines_[at_].indent == indent;
    }
    static bool is_item(const std::string& text) { return text == "-" || text.starts_with("- "); }

    Result<Json> block(std::size_t indent, std::size_t depth) {
        if (depth > depth_max)
            return wrong("nested too deep");
        return is_item(lines_[at_].text) ? sequence(indent, depth) : mapping(indent, depth);
    }

    Result<Json> sequence(std::size_t indent, std::size_t depth) {
        Json out = Json::array();
        while (here(indent) && is_item(lines_[at_].text)) {
            auto& line = lines_[at_];
            auto rest = line.text.substr(1);
            auto first = rest.find_first_not_of(' ');
            Result<Json> item = Json(nullptr);
            if (first == std::string::npos) {
                ++at_;
                if (at_ < lines_.size() && lines_[at_].indent > indent)
                    item = block(lines_[at_].indent, depth + 1);
            } else if (key_end(rest.substr(first))) {
                // A mapping that begins behind the dash: its first key stands there.
                line.indent += 1 + first;
                line.text = rest.substr(first);
                item = mapping(line.indent, depth + 1);
            } else {
                item = scalar(rest.substr(first));
                ++at_;
            }
            if (!item)
                return item;
            out.push_back(std::move(*item));
        }
        return out;
    }

    Result<Json> mapping(std::size_t indent, std::size_t depth) {
        Json out = Json::object();
        while (here(indent) && !is_item(lines_[at_].text)) {
            const auto text = lines_[at_].text;
            auto end = key_end(text);
            if (!end)
                return wrong("expected 'key: value'");
            auto key = scalar(text.substr(0, *end));
            if (!key)
                return key;
            auto name = key->is_string() ? key->get<std::string>() : key->dump();
            if (out.contains(name))
                return wrong("'" + visible(name) + "' is there twice");
            auto rest = trim(std::string_view(text).substr(*end + 1));
            Result<Json> value = Json(nullptr);
            if (!rest.empty()) {
                value = scalar(std::string(rest));
                ++at_;
            } else {
                ++at_;
                value = nested(indent, depth);
            }
            if (!value)
                return value;
            out[name] = std::move(*value);
        }
        if (at_ < lines_.size() && lines_[at_].indent > indent)
            return wrong("indented more than what it belongs to");
        return out;
    }

    /// What belongs to the key or dash of the line before.
    Result<Json> nested(std::size_t indent, std::size_t depth) {
        if (at_ == lines_.size() || lines_[at_].indent < indent)
            return Json(nullptr);
        // The items of a key's list may stand as far left as the key.
        if (lines_[at_].indent == indent && !is_item(lines_[at_].text))
            return Json(nullptr);
        if (lines_[at_].indent == indent)
            return sequence(indent, depth + 1);
        return block(lines_[at_].indent, depth + 1);
    }

    /// Where the colon behind a key stands.
    static std::optional<std::size_t> key_end(const std::string& text) {
        char quote = 0;
        for (std::size_t at = 0; at < text.size(); ++at) {
            char c = text[at];
            if (quote != 0)
                quote = c == quote ? '\0' : quote;
            else if ((c == '"' || c == '\'') && at == 0)
                quote = c;
            else if (c == ':' && (at + 1 == text.size() || text[at + 1] == ' '))
                return at;
            else if ((c == '{' || c == '[') && at == 0)
                return std::nullopt;
        }
        return std::nullopt;
    }

    Result<Json> scalar(const std::string& text) const {
        char first = text.front();
        if (first == '"' || first == '[' || first == '{') {
            auto value = Json::parse(text, nullptr, false);
            if (value.is_discarded())
                return wrong("this is not JSON, which is all of the flow style that is read");
            return value;
        }
        if (first == '\'') {
            if (text.size() < 2 || text.back() != '\'')
                return wrong("a quote is not closed");
            return Json(text.substr(1, text.size() - 2));
        }
        if (first == '&' || first == '*' || first == '!' || first == '|' || first == '>')
            return wrong("anchors, tags and block texts are not read");
        if (text == "true" || text == "false")
            return Json(text == "true");
        if (text == "null" || text == "~")
            return Json(nullptr);
        if (auto number = parse_int(text))
            return Json(*number);
        return Json(text);
    }

    std::vector<Line> lines_;
    std::size_t at_ = 0;
};

}  // namespace

Result<Json> parse_yaml(std::string_view text) {
    return Parser().parse(text);
}

}  // namespace obliv::cli
