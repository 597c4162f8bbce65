#include "core/http/head.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace obliv::http {
namespace {

constexpr std::size_t offsets_max = 65535;  // what Headers can address
constexpr std::size_t method_bytes_max = 32;

constexpr auto token_table = [] {
    std::array<bool, 256> table{};
    for (unsigned c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c)
        table[c] = table[c - 'a' + 'A'] = true;
    for (char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_visible_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

constexpr auto host_table = [] {
    auto table = token_table;
    for (char c : std::string_view("#^`|"))
        table[static_cast<unsigned char>(c)] = false;
    for (char c : std::string_view("();=:[]"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_host(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return host_table[static_cast<unsigned char>(c)]; });
}

Error bad(std::string_view what) {
    return fail(Code::invalid_request, "malformed HTTP: " + std::string(what));
}

Error too_large(const HeadLimits& limits) {
    return fail(Code::header_too_large, "the head of the message is over its limit of " +
                                            std::to_string(limits.bytes_max) + " bytes");
}

/// The size of the head that starts `bytes`, or 0 when its end has not arrived. A line that ends in
/// LF alone is refused as soon as it is seen: its sender would wait for us as we wait for it.
Result<std::size_t> head_size(std::string_view bytes, const HeadLimits& limits) {
    auto bytes_max = std::min(limits.bytes_max, offsets_max);
    std::size_t line = 0;
    for (;;) {
        auto feed = bytes.find('\n', line);
        if (feed == std::string_view::npos) {
            if (bytes.size() > bytes_max)
                return too_large(limits);
            return std::size_t{0};
        }
        if (feed + 1 > bytes_max)
            return too_large(limits);
        if (feed == line || bytes[feed - 1] != '\r')
            return bad("a line ends in LF without CR");
        if (feed - line == 1)
            return feed + 1;
        line = feed + 1;
    }
}

/// Takes the first line, without its CRLF, off the front.
Result<std::string_view> take_line(std::string_view& rest) {
    auto feed = rest.find('\n');
    if (feed == 0 || feed == std::string_view::npos || rest[feed - 1] != '\r')
        return bad("a line ends in LF without CR");
    auto line = rest.substr(0, feed - 1);
    rest.remove_prefix(feed + 1);
    return line;
}

#if defined(__SSE2__)
/// A bit for each of sixteen bytes that is a letter, a digit or a dash, of which nearly all names
/// are made.
unsigned plain_name_bytes(const char* at) noexcept {
    auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto among = [](__m128i some, char first, char count) {
        auto distance = _mm_sub_epi8(some, _mm_set1_epi8(first));
        auto last = _mm_set1_epi8(static_cast<char>(count - 1));
        return _mm_cmpeq_epi8(_mm_min_epu8(distance, last), distance);
    };
    auto letters = among(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26);
    auto rest = _mm_or_si128(among(bytes, '0', 10), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letters, rest)));
}
#endif

/// The token that `text` begins with.
std::string_view leading_token(std::string_view text) noexcept {
    std::size_t size = 0;
#if defined(__SSE2__)
    if (text.size() >= 16)
        size = static_cast<std::size_t>(std::countr_one(plain_name_bytes(text.data())));
#endif
    while (size < text.size() && token_table[static_cast<unsigned char>(text[size])])
        ++size;
    return text.substr(0, size);
}

Result<std::uint64_t> parse_length(std::string_view text) {
    std::uint64_t length = 0;
    auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
    // from_chars would take a sign, but only for signed types; the last check refuses "5, 5".
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        return bad("Content-Length is not a number");
    return length;
}

/// What the headers that frame a message say, gathered while they are read.
struct Framing {
    std::optional<std::uint64_t> content_length;
    std::size_t hosts = 0;
    bool chunked = false;
    bool close = false;
    bool keep_alive = false;
    bool expect_continue = false;

    Result<void> note(std::string_view name, std::string_view value);

private:
    Result<void> note_length(std::string_view value);
    Result<void> note_coding(std::string_view value);
};

Result<void> Framing::note_length(std::string_view value) {
    auto length = parse_length(value);
    if (!length)
        return length.error();
    if (content_length && *content_length != *length)
        return bad("Content-Length is given twice and differs");
    content_length = *length;
    return ok();
}

Result<void> Framing::note_coding(std::string_view value) {
    if (chunked || !equal_ignoring_case(value, "chunked"))
        return bad("the only Transfer-Encoding understood is one \"chunked\"");
    chunked = true;
    return ok();
}

Result<void> Framing::note(std::string_view name, std::string_view value) {
    switch (name.size()) {  // by length first: most headers need no comparison at all
    case 4:
        if (same_name(name, "host")) {
            ++hosts;
            if (!is_host(value))
                return bad("the Host header is not a host");
        }
        return ok();
    case 6:
        if (same_name(name, "expect")) {
            if (!equal_ignoring_case(value, "100-continue"))
                return bad("the only Expect understood is 100-continue");
            expect_continue = true;
        }
        return ok();
    case 10:
        if (same_name(name, "connection")) {
            close = close || list_has(value, "close");
            keep_alive = keep_alive || list_has(value, "keep-alive");
        }
        return ok();
    case 14:
        return same_name(name, "content-length") ? note_length(value) : ok();
    case 17:
        return same_name(name, "transfer-encoding") ? note_coding(value) : ok();
    default:
        return ok();
    }
}

/// What trim() gives, which is needed only where there is more than the usual blank in front.
std::string_view without_blanks(std::string_view value) noexcept {
    if (value.starts_with(' '))
        value.remove_prefix(1);
    if (value.empty() || (value.front() > ' ' && value.back() > ' '))
        return value;
    return trim(value);
}

/// Takes the lines behind the first one off the front, the blank line that ends the head included.
Result<void> read_fields(std::string_view& rest, const HeadLimits& limits, Headers& headers,
                         Framing& framing) {
    while (!rest.starts_with("\r\n")) {
        auto name = leading_token(rest);
        // A fold (obsolete) begins with a space, which is no token either: both are refused here.
        if (name.empty() || name.size() == rest.size() || rest[name.size()] != ':')
            return bad("a header line is not \"name: value\"");
        rest.remove_prefix(name.size() + 1);
        auto end = find_control(rest);
        if (!rest.substr(end).starts_with("\r\n"))
            return bad("a header value holds a control byte");
        auto value = without_blanks(rest.substr(0, end));
        rest.remove_prefix(end + 2);
        if (headers.size() >= limits.headers_max || !headers.add(name, value))
            return fail(Code::header_too_large,
                        "more than " + std::to_string(limits.headers_max) + " headers");
        if (auto noted = framing.note(name, value); !noted)
            return noted.error();
    }
    rest.remove_prefix(2);
    return ok();
}

/// "HTTP/1.1" and "HTTP/1.0", nothing else.
std::optional<int> minor_version_of(std::string_view text) noexcept {
    if (text == "HTTP/1.1")
        return 1;
    if (text == "HTTP/1.0")
        return 0;
    return std::nullopt;
}

/// A target in the absolute form, as sent to proxies, without whom it names: that is in Host as
/// well. Any other stays as it is.
std::string_view without_authority(std::string_view target) noexcept {
    auto scheme = target.find("://");
    if (scheme == std::string_view::npos)
        return target;
    auto authority = target.substr(scheme + 3);
    auto slash = authority.find_first_of("/?");
    return slash == std::string_view::npos ? std::string_view("/") : authority.substr(slash);
}

Result<void> read_target(std::string_view target, RequestHead& head) {
    if (target == "*" && head.method == "OPTIONS") {
        head.path = target;
        return ok();
    }
    if (!target.empty() && target[0] != '/')
        target = without_authority(target);
    if (target.empty() || target[0] != '/' || target.find('#') != std::string_view::npos)
        return bad("the request target is not a path");
    auto question = target.find('?');
    head.path = target.substr(0, question);
    head.query =
        question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
    return ok();
}

Result<void> read_request_line(std::string_view line, RequestHead& head) {
    auto first = line.find(' ');
    auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return bad("the request line is not \"method target version\"");
    head.method = line.substr(0, first);
    if (head.method.empty() || leading_token(head.method).size() != head.method.size() ||
        head.method.size() > method_bytes_max)
        return bad("the method is not a token");
    auto version = minor_version_of(line.substr(last + 1));
    if (!version)
        return bad("the version is neither HTTP/1.1 nor HTTP/1.0");
    head.minor_version = *version;
    auto target = line.substr(first + 1, last - first - 1);
    if (!is_visible_ascii(target))
        return bad("the request target holds a byte that must be percent-encoded");
    return read_target(target, head);
}

Result<void> settle_request(const Framing& framing, RequestHead& head) {
    if (framing.hosts > 1 || (framing.hosts == 0 && head.minor_version == 1))
        return bad("exactly one Host header is needed");
    if (framing.chunked && framing.content_length)
        return bad("Content-Length and Transfer-Encoding together");
    if (framing.chunked && head.minor_version == 0)
        return bad("Transfer-Encoding in HTTP/1.0");
    head.content_length = framing.content_length;
    head.chunked = framing.chunked;
    head.keep_alive =
        head.minor_version == 1 ? !framing.close : framing.keep_alive && !framing.close;
    head.expect_continue = framing.expect_continue && head.minor_version == 1;
    return ok();
}

/// Reads the head that `rest` begins with, and takes it off the front. One that has not come whole
/// fails like one that is malformed.
Result<void> read_request(std::string_view& rest, const HeadLimits& limits, RequestHead& head) {
    auto line = take_line(rest);
    if (!line)
        return line.error();
    if (auto read = read_request_line(*line, head); !read)
        return read;
    Framing framing;
    if (auto fields = read_fields(rest, limits, head.headers, framing); !fields)
        return fields;
    return settle_request(framing, head);
}

}  // namespace

Result<Parse> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                 RequestHead& head) {
    std::size_t blank = 0;  // an empty line before a request is noise of some old clients
    if (bytes.starts_with("\r\n"))
        blank = 2;
    auto message = bytes.substr(blank);
    if (message.empty() || message == "\r")
        return Parse::need_more;
    if (!token_table[static_cast<unsigned char>(message[0])])
        return bad("a request begins with its method");
    auto rest = message.substr(0, std::min(limits.bytes_max, offsets_max));
    head.headers.reset(bytes.data());
    auto read = read_request(rest, limits, head);
    if (read) {
        head.size = static_cast<std::size_t>(rest.data() - bytes.data());
        return Parse::complete;
    }
    auto size = head_size(message, limits);
    if (!size)
        return size.error();
    if (*size == 0)
        return Parse::need_more;
    return read.error();
}

namespace {

Error distrust(std::string what) {
    return fail(Code::upstream_failed, "malformed HTTP reply: " + std::move(what));
}

Result<void> read_status_line(std::string_view line, ResponseHead& head) {
    auto version = minor_version_of(line.substr(0, 8));
    if (!version || line.size() < 12 || line[8] != ' ')
        return distrust("the status line is not \"HTTP/1.1 status reason\"");
    head.minor_version = *version;
    int status = 0;
    auto parsed = std::from_chars(line.data() + 9, line.data() + 12, status);
    if (parsed.ptr != line.data() + 12 || status < 100 || (line.size() > 12 && line[12] != ' '))
        return distrust("the status is not a number");
    head.status = status;
    head.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
    return ok();
}

Result<void> settle_response(const Framing& framing, std::string_view method, ResponseHead& head) {
    // Both together is how a reply is smuggled past a proxy; no honest server sends it.
    if (framing.chunked && framing.content_length)
        return distrust("Content-Length and Transfer-Encoding together");
    head.content_length = framing.content_length;
    bool bodiless = method == "HEAD" || head.status == 204 || head.status == 304;
    if (bodiless)
        head.body = BodyEnd::none;
    else if (framing.chunked)
        head.body = BodyEnd::chunked;
    else if (framing.content_length)
        head.body = *framing.content_length == 0 ? BodyEnd::none : BodyEnd::length;
    else
        head.body = BodyEnd::close;
    bool persistent =
        head.minor_version == 1 ? !framing.close : framing.keep_alive && !framing.close;
    head.keep_alive = persistent && head.body != BodyEnd::close;
    return ok();
}

/// The same as read_request() for a reply, up to what settles its body.
Result<void> read_reply(std::string_view& rest, const HeadLimits& limits, ResponseHead& head,
                        Framing& framing) {
    auto line = take_line(rest);
    if (!line)
        return line.error();
    if (auto read = read_status_line(*line, head); !read)
        return read;
    if (auto fields = read_fields(rest, limits, head.headers, framing); !fields)
        return distrust(std::move(fields.error().message));
    return ok();
}

}  // namespace

Result<Parse> parse_response_head(std::string_view bytes, std::string_view method,
                                  const HeadLimits& limits, ResponseHead& head) {
    std::size_t at = 0;
    for (;;) {
        auto message = bytes.substr(at);
        auto rest = message.substr(0, std::min(limits.bytes_max, offsets_max - at));
        head.headers.reset(bytes.data());
        Framing framing;
        auto read = read_reply(rest, limits, head, framing);
        if (!read) {
            auto size = head_size(message, limits);
            if (!size)
                return distrust(std::move(size.error().message));
            if (*size == 0)
                return Parse::need_more;
            if (at + *size > offsets_max)
                return distrust("too many interim replies");
            return read.error();
        }
        at = static_cast<std::size_t>(rest.data() - bytes.data());
        head.size = at;
        if (head.status == 101 && method != websocket_method)
            return distrust("an upgrade nobody asked for");
        if (head.status == 101) {
            head.body = BodyEnd::close;
            head.keep_alive = false;
            return Parse::complete;
        }
        if (head.status < 200)
            continue;
        if (auto settled = settle_response(framing, method, head); !settled)
            return settled.error();
        return Parse::complete;
    }
}

std::string allow_value(std::string_view methods) {
    constexpr std::string_view get = "GET";
    std::string out(methods);
    if (auto at = out.find(get); at != std::string::npos)
        out.insert(at + get.size(), ", HEAD");
    return out;
}

}  // namespace obliv::http
