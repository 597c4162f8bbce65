#include "core/http/multipart.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace obliv::http {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view line_end = "\r\n";
constexpr std::size_t boundary_bytes_max = 70;
constexpr std::size_t window_bytes = 1U << 20;

Error wrong(std::string_view what) {
    return fail(Code::invalid_request, "the form is not valid: " + std::string(what));
}

/// RFC 2046, section 5.1.1; a space may not come last.
bool is_boundary(std::string_view text) {
    constexpr std::string_view marks = "'()+_,-./:=? ";
    return !text.empty() && text.size() <= boundary_bytes_max && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               bool letter = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
               return letter || marks.find(c) != npos;
           });
}

/// Takes the next `;name=value` off the front of `text`. A quoted value ends at the next quote that
/// has no backslash in front of it, and keeps its escapes.
struct Parameter {
    std::string_view name;
    std::string_view value;
};
std::optional<Parameter> take_parameter(std::string_view& text) {
    text = trim(text);
    if (!text.starts_with(';'))
        return std::nullopt;
    text = trim(text.substr(1));
    auto equals = text.find('=');
    if (equals == npos || equals == 0)
        return std::nullopt;
    Parameter out;
    out.name = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    if (!text.starts_with('"')) {
        auto end = std::min(text.find_first_of("; \t"), text.size());
        out.value = text.substr(0, end);
        text.remove_prefix(end);
        return out;
    }
    std::size_t end = 1;
    while (end < text.size() && text[end] != '"')
        end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size())
        return std::nullopt;
    out.value = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return out;
}

/// Reads `form-data; name="x"; filename="y"`.
Result<void> read_disposition(std::string_view value, FormPart& part) {
    constexpr std::string_view kind = "form-data";
    if (value.size() < kind.size() || !equal_ignoring_case(value.substr(0, kind.size()), kind))
        return wrong("a part is no form-data");
    value.remove_prefix(kind.size());
    bool named = false;
    while (!trim(value).empty()) {
        auto parameter = take_parameter(value);
        if (!parameter)
            return wrong("a Content-Disposition cannot be read");
        if (equal_ignoring_case(parameter->name, "name")) {
            if (named)
                return wrong("a part has two names");
            named = true;
            part.name = parameter->value;
        } else if (equal_ignoring_case(parameter->name, "filename") ||
                   equal_ignoring_case(parameter->name, "filename*")) {
            part.filename = parameter->value;
            part.is_file = true;
        }
    }
    if (part.name.empty() || part.name.size() > FormScan::name_bytes_max ||
        part.name.find('\\') != npos)
        return wrong("a part has no plain name of 1 to 128 bytes");
    return ok();
}

bool is_plain_encoding(std::string_view value) {
    return equal_ignoring_case(value, "binary") || equal_ignoring_case(value, "8bit") ||
           equal_ignoring_case(value, "7bit");
}

/// One line of a part's head.
Result<void> read_header(std::string_view line, FormPart& part) {
    auto colon = line.find(':');
    if (colon == npos || colon == 0 || line.find_first_of("\r\n") != npos)
        return wrong("a part has a header that cannot be read");
    auto name = line.substr(0, colon);
    auto value = trim(line.substr(colon + 1));
    if (equal_ignoring_case(name, "content-disposition")) {
        if (!part.name.empty())
            return wrong("a part has two names");
        return read_disposition(value, part);
    }
    if (equal_ignoring_case(name, "content-transfer-encoding") && !is_plain_encoding(value))
        return wrong("a part has a Content-Transfer-Encoding");
    return ok();
}

}  // namespace

std::optional<std::string_view> form_boundary(std::string_view content_type) {
    constexpr std::string_view kind = "multipart/form-data";
    if (content_type.size() < kind.size() ||
        !equal_ignoring_case(content_type.substr(0, kind.size()), kind))
        return std::nullopt;
    content_type.remove_prefix(kind.size());
    std::optional<std::string_view> found;
    while (!trim(content_type).empty()) {
        auto parameter = take_parameter(content_type);
        if (!parameter)
            return std::nullopt;
        if (!equal_ignoring_case(parameter->name, "boundary"))
            continue;
        if (found || !is_boundary(parameter->value))
            return std::nullopt;
        found = parameter->value;
    }
    return found;
}

Result<std::optional<FormPart>> FormScan::next() {
    auto more = pass_delimiter();
    if (!more)
        return more.error();
    if (!*more)
        return std::optional<FormPart>();
    if (++parts_ > parts_max)
        return wrong("it has more than " + std::to_string(parts_max) + " parts");
    auto part = read_head();
    if (!part)
        return part.error();
    auto end = find_delimiter();
    if (end == npos)
        return wrong("a part does not end");
    part->content = body_.substr(at_, end - at_);
    at_ = end + line_end.size();
    return std::optional<FormPart>(*part);
}

/// Steps over `--boundary` and what is behind it. False: that was the closing one.
Result<bool> FormScan::pass_delimiter() {
    auto rest = body_.substr(at_);
    if (!rest.starts_with("--") || !rest.substr(2).starts_with(boundary_))
        return wrong("it does not begin with its boundary");
    at_ += 2 + boundary_.size();
    rest = body_.substr(at_);
    if (rest.starts_with("--")) {
        if (rest.find_first_not_of(" \t\r\n", 2) != npos)
            return wrong("there is something behind its end");
        return false;
    }
    if (!rest.starts_with(line_end))
        return wrong("its boundary is part of something else");
    at_ += line_end.size();
    return true;
}

Result<FormPart> FormScan::read_head() {
    FormPart part;
    while (true) {
        auto room = body_.substr(at_, part_head_bytes_max);
        auto end = room.find(line_end);
        if (end == npos)
            return wrong("the head of a part does not end");
        at_ += end + line_end.size();
        if (end == 0)
            break;
        if (auto read = read_header(room.substr(0, end), part); !read)
            return read.error();
    }
    if (part.name.empty())
        return wrong("a part has no name");
    return part;
}

/// Where the line end in front of the next delimiter is. Files of a hundred megabytes are stepped
/// over here.
std::size_t FormScan::find_delimiter() const noexcept {
    std::string needle = "\r\n--";
    needle.append(boundary_);
    for (auto from = at_; from < body_.size(); from += window_bytes) {
        // A delimiter may begin in one window and end in the next.
        auto window = body_.substr(from, window_bytes + needle.size() - 1);
        const auto* found = static_cast<const char*>(
            memmem(window.data(), window.size(), needle.data(), needle.size()));
        if (found != nullptr)
            return from + static_cast<std::size_t>(found - window.data());
        if (passed_ != nullptr)
            passed_(window.substr(0, window_bytes));
    }
    return npos;
}

}  // namespace obliv::http
