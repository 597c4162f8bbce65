#include "core/llm/redact.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>

namespace obliv::llm {
namespace {

using std::string_view;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) noexcept {
    return lower(c) >= 'a' && lower(c) <= 'z';
}
/// What keys are made of: base64 in both alphabets, dots of a JWT, and the stars by which some
/// providers shorten a key.
bool is_key_byte(char c) noexcept {
    return is_digit(c) || is_letter(c) || string_view("-_.+/=~*").find(c) != string_view::npos;
}

std::size_t run_of_key_bytes(string_view text) noexcept {
    auto end = std::find_if_not(text.begin(), text.end(), is_key_byte);
    return static_cast<std::size_t>(end - text.begin());
}

bool ends_ignoring_case(string_view text, string_view suffix) noexcept {
    return text.size() >= suffix.size() &&
           equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

/// Beginnings by which providers mark their keys and accounts.
constexpr std::array key_prefixes{
    string_view("sk-"),  string_view("sk_"),     string_view("gsk_"),  string_view("xai-"),
    string_view("AIza"), string_view("org-"),    string_view("proj_"), string_view("ak-"),
    string_view("AKIA"), string_view("ASIA"),    string_view("ya29."), string_view("eyJ"),
    string_view("hf_"),  string_view("r8_"),     string_view("pplx-"), string_view("nvapi-"),
    string_view("ghp_"), string_view("bce-v3/"), string_view("acct_"),
};

/// A part of a word that looks random: long, with digits and letters mixed. Judged part by part,
/// because `claude-3-5-sonnet-20241022` is long and mixed, too.
bool has_random_part(string_view word) noexcept {
    while (!word.empty()) {
        auto part = word.substr(0, word.find_first_of("-./"));
        auto digits = std::count_if(part.begin(), part.end(), is_digit);
        auto letters = std::count_if(part.begin(), part.end(), is_letter);
        if (part.size() >= 20 && digits >= 3 && letters >= 4)
            return true;
        word.remove_prefix(std::min(word.size(), part.size() + 1));
    }
    return false;
}

/// `org-1a2b` is an id and `org-wide` is prose: the rest of a marked word tells them apart.
bool is_marked_key(string_view rest) noexcept {
    bool coded =
        std::any_of(rest.begin(), rest.end(), [](char c) { return is_digit(c) || c == '*'; });
    return rest.size() >= 16 || (rest.size() >= 4 && coded);
}

bool is_key(string_view word) noexcept {
    for (auto prefix : key_prefixes)
        if (word.starts_with(prefix) && is_marked_key(word.substr(prefix.size())))
            return true;
    return has_random_part(word);
}

/// Names whose value is a secret, in JSON, in headers and in queries.
constexpr std::array secret_names{
    string_view("bearer"),       string_view("basic"),         string_view("authorization"),
    string_view("api_key"),      string_view("api-key"),       string_view("apikey"),
    string_view("access_token"), string_view("secret"),        string_view("password"),
    string_view("x-api-key"),    string_view("token"),         string_view("x-goog-api-key"),
    string_view("secret_key"),   string_view("client_secret"), string_view("signature"),
};

bool ends_with_secret_name(string_view before) noexcept {
    for (auto name : secret_names) {
        if (before.size() < name.size())
            continue;
        auto tail = before.substr(before.size() - name.size());
        bool whole =
            before.size() == name.size() || !is_letter(before[before.size() - name.size() - 1]);
        if (whole && equal_ignoring_case(tail, name))
            return true;
    }
    return false;
}

/// Whether what comes after `before` is the value of a secret: `api_key=`, `"token": "`, `Bearer `.
bool names_a_secret(string_view before) noexcept {
    bool assigned = false;
    bool spaced = false;
    while (!before.empty() && string_view(" \t\"':=\\").find(before.back()) != string_view::npos) {
        assigned = assigned || before.back() == ':' || before.back() == '=';
        spaced = true;
        before.remove_suffix(1);
    }
    if (!spaced)
        return false;
    // "token limit" is prose; "Bearer x" and "token: x" are not.
    bool scheme = ends_ignoring_case(before, "basic") || ends_ignoring_case(before, "bearer");
    return (assigned || scheme) && ends_with_secret_name(before);
}

bool is_public_host(string_view host) noexcept {
    constexpr std::array inside{string_view("local"),       string_view("internal"),
                                string_view("lan"),         string_view("corp"),
                                string_view("localdomain"), string_view("svc")};
    auto dot = host.rfind('.');
    if (dot == string_view::npos || dot + 1 == host.size() || host.find(':') != string_view::npos)
        return false;
    auto top = host.substr(dot + 1);
    bool word = std::all_of(top.begin(), top.end(), is_letter);
    return word && std::find(inside.begin(), inside.end(), top) == inside.end();
}

bool is_public_url(string_view after_scheme) noexcept {
    auto host = after_scheme.substr(0, after_scheme.find('/'));
    return host.find('@') == string_view::npos && is_public_host(host) &&
           after_scheme.find('?') == string_view::npos &&
           after_scheme.find('@') == string_view::npos;
}

std::size_t url_length(string_view text) noexcept {
    auto end = text.find_first_of(" \t\r\n\"'<>`{}|\\^)");
    auto url = text.substr(0, end);
    while (!url.empty() && string_view(".,;:!?").find(url.back()) != string_view::npos)
        url.remove_suffix(1);
    return url.size();
}

/// What begins a text, and whether it must not be seen.
struct Taken {
    std::size_t length = 0;
    bool secret = false;
};

/// The URL at the start of `text`; no length if there is none.
Taken take_url(string_view text) {
    auto scheme = text.substr(0, 12).find("://");
    if (scheme == string_view::npos || scheme == 0 ||
        !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(scheme), is_letter))
        return {};
    auto url = text.substr(0, url_length(text));
    if (url.size() <= scheme + 3)
        return {};
    auto rest = url.substr(scheme + 3);
    auto last = url.substr(url.rfind('/') + 1);
    return {url.size(), !is_public_url(rest) || is_key(last)};
}

/// The word at the start of `run`, a run of key bytes.
Taken take_word(string_view before, string_view run) {
    auto word = run;
    while (word.size() > 1 && word.back() == '.')
        word.remove_suffix(1);
    bool scheme_word = equal_ignoring_case(word, "bearer") || equal_ignoring_case(word, "basic");
    bool secret = is_key(word) || (!scheme_word && names_a_secret(before));
    // `name=value` is one run, because base64 ends in `=`: the name goes first, alone.
    auto equals = word.find('=');
    if (!secret && equals != string_view::npos && equals + 1 < word.size())
        word = word.substr(0, equals + 1);
    return {word.size(), secret};
}

std::string without_secrets(string_view text) {
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    for (auto secret : secrets_in(text)) {
        out.append(text.substr(at, secret.at - at)).append(redaction_mark);
        at = secret.at + secret.length;
    }
    return out.append(text.substr(at));
}

std::string cut(std::string text, std::size_t bytes_max) {
    if (text.size() <= bytes_max)
        return text;
    auto end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    text.resize(end);
    return text + "…";
}

}  // namespace

std::vector<SecretSpan> secrets_in(string_view text) {
    std::vector<SecretSpan> out;
    std::size_t at = 0;
    while (at < text.size()) {
        auto rest = text.substr(at);
        auto taken = take_url(rest);
        if (taken.length == 0)
            if (auto run = run_of_key_bytes(rest); run > 0)
                taken = take_word(text.substr(0, at), rest.substr(0, run));
        if (taken.secret)
            out.push_back({at, taken.length});
        at += std::max(taken.length, std::size_t{1});
    }
    return out;
}

std::string redact(string_view text, std::size_t bytes_max) {
    // Cutting the input first bounds the work; a key cut in half is still replaced, for being one.
    constexpr std::size_t input_max = 64 * 1024;
    auto input = text.substr(0, std::max(input_max, bytes_max));
    return cut(visible(without_secrets(input)), bytes_max);
}

}  // namespace obliv::llm
