#include "daemon/notices/formats.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/base/time_format.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

namespace obliv::notices {
namespace {

using Json = nlohmann::ordered_json;

// RFC 2045: an encoded line has 76 characters at most. An encoded word (RFC 2047) has 75, marks
// included; 45 bytes give 60 characters.
constexpr std::size_t line_chars = 76;
constexpr std::size_t word_bytes = 45;

std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string plain_text(const Notice& notice) {
    return notice.title + "\n" + notice.text;
}

/// As URLs want it in a query.
std::string query_value(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '+')
            out += "%2B";
        else if (c == '/')
            out += "%2F";
        else if (c == '=')
            out += "%3D";
        else
            out.push_back(c);
    }
    return out;
}

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

/// A header's text: words of UTF-8 that no line break can end early.
std::string encoded_words(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        auto length = std::min(word_bytes, text.size());
        while (length > 1 && length < text.size() && !begins_character(text[length]))
            --length;
        out.append(out.empty() ? "" : "\r\n ").append("=?UTF-8?B?");
        out.append(to_base64(text.substr(0, length))).append("?=");
        text.remove_prefix(length);
    }
    return out;
}

std::string mail_date(WallTime time) {
    auto seconds = static_cast<std::time_t>(unix_nanos(time) / 1'000'000'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> rest{};
    // Not %a and %b: those follow the locale.
    std::strftime(rest.data(), rest.size(), "%Y %H:%M:%S +0000", &parts);
    return std::string(days.at(static_cast<std::size_t>(parts.tm_wday))) + ", " +
           std::to_string(parts.tm_mday) + " " + months.at(static_cast<std::size_t>(parts.tm_mon)) +
           " " + rest.data();
}

}  // namespace

std::string webhook_body(const Notice& notice) {
    return dumped(Json{{"id", notice.id},
                       {"time", rfc3339(notice.time)},
                       {"kind", notice.kind},
                       {"severity", name_of(notice.severity)},
                       {"subject", notice.subject},
                       {"title", notice.title},
                       {"text", notice.text}});
}

std::string webhook_signature(const Secret& secret, WallTime now, std::string_view body) {
    auto seconds = std::to_string(unix_nanos(now) / 1'000'000'000);
    auto signed_text = seconds + "." + std::string(body);
    return "t=" + seconds + ",v1=" + to_hex(hmac_sha256(secret.reveal(), signed_text));
}

std::string slack_body(const Notice& notice) {
    // The three characters that Slack's own markup begins with.
    std::string text;
    for (char c : plain_text(notice))
        text += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return dumped(Json{{"text", text}});
}

std::string dingtalk_body(const Notice& notice) {
    return dumped(Json{{"msgtype", "text"}, {"text", {{"content", plain_text(notice)}}}});
}

std::string dingtalk_query(const Secret& secret, WallTime now) {
    auto millis = std::to_string(unix_nanos(now) / 1'000'000);
    auto digest = hmac_sha256(secret.reveal(), millis + "\n" + std::string(secret.reveal()));
    return "&timestamp=" + millis + "&sign=" + query_value(to_base64(as_chars(digest)));
}

std::string dingtalk_problem(std::string_view reply) {
    auto json = nlohmann::json::parse(reply, nullptr, false);
    if (!json.is_object())
        return "its reply is no JSON object";
    auto code = json.value("errcode", nlohmann::json());
    if (code == 0)
        return {};
    return "errcode " + code.dump();
}

std::string mail_text(const Notice& notice, std::string_view from,
                      const std::vector<std::string>& to) {
    std::string out =
        "Date: " + mail_date(notice.time) + "\r\nFrom: <" + std::string(from) + ">\r\nTo: ";
    for (const auto& each : to)
        out.append(&each == &to.front() ? "" : ",\r\n ").append("<" + each + ">");
    auto at = from.find('@');
    auto host = at == std::string_view::npos ? std::string_view("localhost") : from.substr(at + 1);
    out.append("\r\nSubject: ").append(encoded_words(notice.title));
    out.append("\r\nMessage-ID: <").append(notice.id).append("@").append(host).append(">\r\n");
    out += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    auto body = to_base64(plain_text(notice) + "\n");
    for (std::size_t i = 0; i < body.size(); i += line_chars)
        out.append(body, i, line_chars).append("\r\n");
    return out;
}

}  // namespace obliv::notices
