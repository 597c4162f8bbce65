#include "core/config/kinds.hpp"

#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/base/units.hpp"
#include "core/config/limits.hpp"

#include <algorithm>

namespace obliv::config {
namespace {

using Kind = Value::Kind;

Error mismatch(std::string_view expected, const Value& value) {
    return fail(Code::config_invalid,
                "expected " + std::string(expected) + ", got " + value.described());
}

/// What a text stands for is not repeated: it may come from a secret place.
Error unreadable(std::string_view expected, const Value& value, const Error& error) {
    if (!value.reference.empty())
        return fail(Code::config_invalid,
                    value.described() + " does not stand for " + std::string(expected));
    return fail(Code::config_invalid, error.message);
}

/// A whole number, or a text that `parse` understands.
template <typename Parse>
Result<std::int64_t> read_number(const Value& value, std::string_view expected, Parse parse) {
    if (value.kind == Kind::integer) {
        if (value.integer < 0)
            return mismatch(expected, value);
        return value.integer;
    }
    if (value.kind != Kind::text)
        return mismatch(expected, value);
    auto number = parse(value.text);
    if (!number)
        return unreadable(expected, value, number.error());
    return *number;
}

/// A text as a file would have to say it: a `${` in it is no reference.
std::string plain_text(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
        out += text.substr(i).starts_with("${") ? "$$" : text.substr(i, 1);
    return toml_quoted(out);
}

std::string range(std::string_view kind, const std::string& least, const std::string& most) {
    return std::string(kind) + ", " + least + " to " + most;
}

template <typename Number, typename Text>
Result<Number> within(Number number, Number least, Number most, Text text) {
    if (number >= least && number <= most)
        return number;
    return fail(Code::config_invalid,
                "expected " + text(least) + " to " + text(most) + ", got " + text(number));
}

}  // namespace

Result<std::chrono::milliseconds> DurationKind::read(const Value& value) const {
    constexpr std::string_view expected =
        "a duration in quotes such as \"250ms\", \"10s\" or \"5m\"";
    if (value.kind != Kind::text)
        return mismatch(expected, value);
    auto span = parse_duration(value.text);
    if (!span)
        return unreadable(expected, value, span.error());
    return within(*span, least, most, duration_text);
}
std::string DurationKind::show(Stored span) const {
    return toml_quoted(duration_text(span));
}
std::string DurationKind::type() const {
    return range("duration", duration_text(least), duration_text(most));
}

Result<std::int64_t> SizeKind::read(const Value& value) const {
    auto bytes = read_number(value, "a size such as \"64KiB\", \"10MB\" or 4096", parse_size);
    if (!bytes)
        return bytes;
    return within(*bytes, least, most, size_text);
}
std::string SizeKind::show(Stored bytes) const {
    return toml_quoted(size_text(bytes));
}
std::string SizeKind::type() const {
    return range("size", size_text(least), size_text(most));
}

Result<std::int64_t> CountKind::read(const Value& value) const {
    auto count = read_number(value, "a count such as 250 or \"10k\"", parse_count);
    if (!count)
        return count;
    return within(*count, least, most, [](std::int64_t n) { return std::to_string(n); });
}
std::string CountKind::show(Stored count) const {
    return std::to_string(count);
}
std::string CountKind::type() const {
    return range("count", std::to_string(least), std::to_string(most));
}

Result<std::string> PathKind::read(const Value& value) const {
    if (value.kind != Kind::text)
        return mismatch("an absolute path", value);
    if (!value.text.empty() && !value.text.starts_with('/'))
        return mismatch("an absolute path", value);
    if (value.text.find('\0') != std::string::npos)
        return fail(Code::config_invalid, "a path holds no NUL");
    if (value.text.size() > length_max)
        return fail(Code::config_invalid, "expected a path of at most " +
                                              std::to_string(length_max) + " bytes, got " +
                                              std::to_string(value.text.size()));
    return value.text;
}
std::string PathKind::show(const Stored& path) const {
    return plain_text(path);
}
std::string PathKind::type() const {
    return "path";
}

Result<std::string> TextKind::read(const Value& value) const {
    constexpr std::string_view expected = "a text of one line";
    if (value.kind != Kind::text || value.text.size() > limits::setting_text_bytes)
        return mismatch(expected, value);
    for (char c : value.text)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F)
            return mismatch(expected, value);
    return value.text;
}
std::string TextKind::show(const Stored& text) const {
    return plain_text(text);
}
std::string TextKind::type() const {
    return "text";
}

Result<std::string> ProxyKind::read(const Value& value) const {
    constexpr std::string_view expected = "a proxy such as http://host:3128";
    if (value.kind != Kind::text)
        return mismatch(expected, value);
    const auto& url = value.text;
    bool clean = std::none_of(url.begin(), url.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
    });
    if (url.empty() || (clean && url.starts_with("http://") && url.size() > 7 && url[7] != '/'))
        return url;
    // Not repeated: a password may stand in it.
    return fail(Code::config_invalid, "expected " + std::string(expected) + " or an empty text");
}
std::string ProxyKind::show(const Stored& url) const {
    auto at = url.rfind('@');
    auto host = at == std::string::npos ? url : "http://***" + url.substr(at);
    return plain_text(host);
}
std::string ProxyKind::type() const {
    return "URL";
}

namespace {

Result<Secret> written_by_reference(const Value& value) {
    if (value.kind != Kind::text)
        return fail(Code::config_invalid, "expected credential:NAME or ${VARIABLE}");
    if (value.text.empty())
        return Secret();
    if (value.reference.empty())
        return fail(Code::config_invalid, "a secret is not written into a configuration file: "
                                          "give credential:NAME or ${VARIABLE}");
    return Secret(value.text);
}

}  // namespace

Result<Secret> KeyKind::read(const Value& value) const {
    auto said = written_by_reference(value);
    if (!said || said->empty())
        return said;
    if (value.text.size() != 64 || !from_hex(value.text))
        return fail(Code::config_invalid,
                    value.described() + " does not stand for 64 hexadecimal digits");
    return said;
}
std::string KeyKind::show(const Stored& secret) const {
    return secret.empty() ? "\"\"" : "\"***\"";
}
std::string KeyKind::type() const {
    return "secret, by reference only";
}

Result<Secret> SecretKind::read(const Value& value) const {
    auto said = written_by_reference(value);
    if (!said || said->empty())
        return said;
    auto text = said->reveal();
    bool clean = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == 0x7F;
    });
    bool http = text.starts_with("http://") || text.starts_with("https://");
    if (!clean || text.size() > limits::setting_text_bytes || (is_url && !http))
        return fail(Code::config_invalid,
                    value.described() + " does not stand for " +
                        (is_url ? "an http or https URL" : "one line of text"));
    return said;
}
std::string SecretKind::show(const Stored& secret) const {
    return secret.empty() ? "\"\"" : "\"***\"";
}
std::string SecretKind::type() const {
    return is_url ? "URL, by reference only" : "secret, by reference only";
}

Result<std::vector<Endpoint>> EndpointsKind::read(const Value& value) const {
    constexpr std::string_view expected = "a list of addresses such as [\"127.0.0.1:8490\"]";
    if (value.kind != Kind::list)
        return mismatch(expected, value);
    if (value.list.size() > static_cast<std::size_t>(limits::listeners))
        return fail(Code::config_invalid, "expected at most " + std::to_string(limits::listeners) +
                                              " addresses, got " +
                                              std::to_string(value.list.size()));
    Stored out;
    for (const auto& item : value.list) {
        if (item.kind != Kind::text)
            return mismatch(expected, item);
        auto endpoint = Endpoint::parse(item.text);
        if (!endpoint)
            return unreadable("an address such as 127.0.0.1:8490", item, endpoint.error());
        if (endpoint->port != 0 && std::find(out.begin(), out.end(), *endpoint) != out.end())
            return fail(Code::config_invalid, endpoint->text() + " is listed twice");
        out.push_back(std::move(*endpoint));
    }
    return out;
}
std::string EndpointsKind::show(const Stored& endpoints) const {
    std::string out = "[";
    for (const auto& endpoint : endpoints)
        out += (out.size() > 1 ? ", " : "") + toml_quoted(endpoint.text());
    return out + "]";
}
std::string EndpointsKind::type() const {
    return "list of addresses";
}

Result<TextsKind::Stored> TextsKind::read(const Value& value) const {
    constexpr std::size_t texts_max = 1000;
    auto expected = "a list such as " + std::string(example);
    if (value.kind != Kind::list || value.list.size() > texts_max)
        return mismatch(expected, value);
    Stored out;
    for (const auto& item : value.list) {
        if (item.kind != Kind::text)
            return mismatch(expected, item);
        if (auto wrong = check(item.text); !wrong.empty())
            return fail(Code::config_invalid, wrong + ", got " + item.described());
        out.push_back(item.text);
    }
    return out;
}
std::string TextsKind::show(const Stored& texts) const {
    std::string out = "[";
    for (const auto& text : texts)
        out += (out.size() > 1 ? ", " : "") + toml_quoted(text);
    return out + "]";
}

Result<PairsKind::Stored> PairsKind::read(const Value& value) const {
    constexpr std::size_t pairs_max = 1000;
    auto expected = "a list such as [" + toml_quoted(example) + "]";
    if (value.kind != Kind::list || value.list.size() > pairs_max)
        return mismatch(expected, value);
    Stored out;
    for (const auto& item : value.list) {
        auto equals = item.kind == Kind::text ? item.text.find('=') : std::string::npos;
        if (equals == std::string::npos)
            return mismatch(expected, item);
        auto left = item.text.substr(0, equals);
        auto right = item.text.substr(equals + 1);
        if (auto wrong = check(left, right); !wrong.empty())
            return fail(Code::config_invalid, wrong);
        out.emplace_back(std::move(left), std::move(right));
    }
    return out;
}
std::string PairsKind::show(const Stored& pairs) const {
    std::string out = "[";
    for (const auto& [left, right] : pairs)
        out += (out.size() > 1 ? ", " : "") + toml_quoted(left + "=" + right);
    return out + "]";
}
std::string PairsKind::type() const {
    return "list of texts such as " + toml_quoted(example);
}

Result<int> read_word(const Value& value, const Word* words, std::size_t count) {
    std::vector<std::string_view> known;
    for (std::size_t i = 0; i < count; ++i) {
        if (value.kind == Kind::text && value.text == words[i].word)
            return words[i].number;
        known.push_back(words[i].word);
    }
    auto error = mismatch(type_of_words(words, count), value);
    if (value.kind == Kind::text && value.reference.empty())
        if (auto meant = did_you_mean(value.text, known))
            error.message += " (did you mean \"" + std::string(*meant) + "\"?)";
    return error;
}

std::string show_word(int number, const Word* words, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        if (words[i].number == number)
            return toml_quoted(words[i].word);
    return "\"\"";
}

std::string type_of_words(const Word* words, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0)
            out += i + 1 == count ? " or " : ", ";
        out += toml_quoted(words[i].word);
    }
    return out;
}

}  // namespace obliv::config
