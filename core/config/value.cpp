#include "core/config/value.hpp"

#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::config {

std::string Place::text() const {
    if (line == 0)
        return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Value::described() const {
    switch (kind) {
    case Kind::text:
        return "'" + visible(reference.empty() ? text : reference) + "'";
    case Kind::integer:
        return "the number " + std::to_string(integer);
    case Kind::boolean:
        return boolean ? "true" : "false";
    case Kind::list:
        return "a list";
    case Kind::other:
        break;
    }
    return text;
}

std::string Value::written() const {
    switch (kind) {
    case Kind::text:
        return toml_quoted(reference.empty() ? text : reference);
    case Kind::integer:
        return std::to_string(integer);
    case Kind::boolean:
        return boolean ? "true" : "false";
    case Kind::list: {
        std::string out = "[";
        for (const auto& item : list)
            out += (out.size() > 1 ? ", " : "") + item.written();
        return out + "]";
    }
    case Kind::other:
        break;
    }
    return text;
}

bool Value::has_reference() const {
    return !reference.empty() || std::any_of(list.begin(), list.end(), [](const Value& item) {
        return item.has_reference();
    });
}

std::string toml_quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out = "\"";
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace obliv::config
