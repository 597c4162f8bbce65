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
    if (rest.size() >= 16)
        return true;
    bool coded =
        std::any_of(rest.begin(), rest.end(), [](char c) { return is_digit(c) || c == '*'; });
    return rest.size() >= 4 && coded;
}

bool begins_as_key(string_view word) noexcept {
    return std::any_of(key_prefixes.begin(), key_prefixes.end(), [word](string_view prefix) {
        return word.starts_with(prefix) && is_marked_key(word.substr(prefix.size()));
    });
}

bool is_key(string_view word) noexcept {
    return begins_as_key(word) || has_random_part(word);
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

/// Whether what comes next is the value of a secret: `api_key=`, `"token": "`, `Bearer `. Goes
/// along with the reader, because looking back from every word would read a long row of `=` once
/// for each.
class Name {
public:
    explicit Name(string_view text) noexcept : text_(text) {}

    void go_to(std::size_t at) noexcept {
        for (; at_ < at; ++at_) {
            auto c = text_[at_];
            if (string_view(" \t\"':=\\").find(c) == string_view::npos) {
                end_ = at_ + 1;
                assigned_ = false;
            } else {
                assigned_ = assigned_ || c == ':' || c == '=';
            }
        }
    }

    bool is_of_a_secret() const noexcept {
        if (end_ == at_)
            return false;
        auto name = text_.substr(0, end_);
        // "token limit" is prose; "Bearer x" and "token: x" are not.
        bool scheme = ends_ignoring_case(name, "basic") || ends_ignoring_case(name, "bearer");
        return (assigned_ || scheme) && ends_with_secret_name(name);
    }

private:
    string_view text_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;  ///< of the last thing that neither parts nor assigns
    bool assigned_ = false;
};

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

/// Goes over a text once. A word is judged whole where it begins; behind each `=` in it only what
/// that place alone decides is asked again, so that the work grows as the text does.
class SecretScan {
public:
    explicit SecretScan(string_view text) noexcept : text_(text), name_(text) {}

    std::vector<SecretSpan> all() {
        std::vector<SecretSpan> out;
        while (at_ < text_.size()) {
            auto taken = take_url(text_.substr(at_));
            if (taken.length == 0)
                taken = take_word();
            if (taken.secret)
                out.push_back({at_, taken.length});
            at_ += std::max(taken.length, std::size_t{1});
        }
        return out;
    }

private:
    /// The word at this place, up to its first `=` if it is no secret.
    Taken take_word() {
        bool begins = at_ >= word_end_;
        auto run = begins ? run_of_key_bytes(text_.substr(at_)) : 0;
        if (begins && run == 0)
            return {};
        if (begins)
            word_end_ = at_ + without_dots(text_.substr(at_, run)).size();
        auto word = text_.substr(at_, word_end_ - at_);
        // A word without a random part has none behind its `=` either.
        if ((begins ? is_key(word) : begins_as_key(word)) || is_value(word))
            return {word.size(), true};
        if (word == ".")
            return {run, false};
        // `name=value` is one run, because base64 ends in `=`: the name goes first, alone.
        auto equals = word.find('=');
        return {equals == string_view::npos ? word.size() : equals + 1, false};
    }

    bool is_value(string_view word) {
        name_.go_to(at_);
        bool scheme = equal_ignoring_case(word, "bearer") || equal_ignoring_case(word, "basic");
        return !scheme && name_.is_of_a_secret();
    }

    static string_view without_dots(string_view word) noexcept {
        while (word.size() > 1 && word.back() == '.')
            word.remove_suffix(1);
        return word;
    }

    string_view text_;
    Name name_;
    std::size_t at_ = 0;
    std::size_t word_end_ = 0;  ///< of the word that `at_` is in
};

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
    return SecretScan(text).all();
}

std::string redact(string_view text, std::size_t bytes_max) {
    // Cutting the input first bounds the work; a key cut in half is still replaced, for being one.
    constexpr std::size_t input_max = 64 * 1024;
    auto input = text.substr(0, std::max(input_max, bytes_max));
    return cut(visible(without_secrets(input)), bytes_max);
}

}  // namespace obliv::llm
