#include "daemon/app/capture_text.hpp"

#include "core/llm/redact.hpp"
#include "core/wire/json.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

namespace obliv::daemon {
namespace {

constexpr std::string_view left_out = "\"[redacted]\"";
constexpr std::string_view white = " \t\r\n";

std::size_t skip_white(std::string_view text, std::size_t at) noexcept {
    return std::min(text.find_first_not_of(white, at), text.size());
}

/// Behind the quote that ends a text which begins at `at`; the end if it does not end.
std::size_t end_of_text(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
}

/// Behind the bracket that closes the one at `at`; the end if nothing does.
std::size_t end_of_brackets(std::string_view text, std::size_t at) noexcept {
    int depth = 0;
    while (at < text.size()) {
        char c = text[at];
        if (c == '"') {
            at = end_of_text(text, at + 1);
            continue;
        }
        ++at;
        depth += c == '{' || c == '[' ? 1 : 0;
        depth -= c == '}' || c == ']' ? 1 : 0;
        if (depth == 0)
            return at;
    }
    return at;
}

std::size_t end_of_value(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size())
        return text.size();
    if (text[at] == '"')
        return end_of_text(text, at + 1);
    if (text[at] == '{' || text[at] == '[')
        return end_of_brackets(text, at);
    return std::min(text.find_first_of(",}] \t\r\n", at), text.size());
}

/// A key that was cut is not known for one any more: the last word goes.
std::string_view without_last_word(std::string_view text) noexcept {
    auto end = text.find_last_of(" \t\r\n\"':,;{}[]()<>");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

/// One JSON value of a body: all of it, or what one event says.
struct Document {
    std::size_t at = 0;
    std::size_t length = 0;
    wire::Json json;
    bool changed = false;
};

std::vector<Document> lines_with_data(std::string_view text) {
    constexpr std::string_view name = "data:";
    std::vector<Document> out;
    for (std::size_t at = 0; at < text.size();) {
        auto end = std::min(text.find_first_of("\r\n", at), text.size());
        if (text.substr(at).starts_with(name)) {
            auto begin = std::min(skip_white(text, at + name.size()), end);
            if (begin < end && text[begin] == '{')
                out.push_back({begin, end - begin, {}});
        }
        at = end + 1;
    }
    return out;
}

std::vector<Document> elements(std::string_view text, std::size_t at) {
    std::vector<Document> out;
    while ((at = text.find('{', at)) != std::string_view::npos) {
        auto end = end_of_brackets(text, at);
        out.push_back({at, end - at, {}});
        at = end;
    }
    return out;
}

bool is_object(std::string_view text) noexcept {
    auto begin = skip_white(text, 0);
    return begin < text.size() && text[begin] == '{';
}

/// Where a body has JSON: an object, a list of events, or an event stream.
std::vector<Document> documents_in(std::string_view text) {
    std::vector<Document> out;
    auto begin = skip_white(text, 0);
    if (is_object(text))
        out.push_back({begin, text.size() - begin, {}});
    else if (begin < text.size() && text[begin] == '[')
        out = elements(text, begin);
    else
        out = lines_with_data(text);
    return out;
}

/// What stands in one place of a document; of a stream, in the same place of all its events.
struct Said {
    struct Piece {
        std::size_t at;  ///< in the text
        wire::Json* value;
        Document* document;
    };
    std::string_view name;  ///< of the member that says it
    std::string text{};
    std::vector<Piece> pieces{};

    std::size_t end_of(std::size_t piece) const noexcept {
        return piece + 1 < pieces.size() ? pieces[piece + 1].at : text.size();
    }
    std::string_view text_of(std::size_t piece) const noexcept {
        return std::string_view(text).substr(pieces[piece].at, end_of(piece) - pieces[piece].at);
    }
    /// An id or the like, which every event repeats.
    bool is_repeated() const noexcept {
        for (std::size_t i = 1; i < pieces.size(); ++i)
            if (text_of(i) != text_of(0))
                return false;
        return pieces.size() > 1;
    }
};

/// Everything that is said in a body, by its places.
class Sayings {
public:
    /// `joins`: the documents are events.
    explicit Sayings(bool joins) noexcept : joins_(joins) {}

    void read(Document& document) { read(document.json, "", {}, document); }
    const std::map<std::string, Said>& all() const noexcept { return said_; }

private:
    void read(wire::Json& value, const std::string& place, std::string_view name,
              Document& document) {
        if (value.is_string())
            return add(value, place, name, document);
        if (value.is_array())
            for (auto& each : value)
                read(each, place, name, document);
        if (!value.is_object())
            return;
        auto here = place + number_of(value);
        for (auto& member : value.items())
            read(member.value(), here + '.' + member.key(), member.key(), document);
    }

    /// Which of several texts that come at the same time an event is about.
    static std::string number_of(const wire::Json& value) {
        constexpr std::array names{"index", "output_index", "content_index", "summary_index",
                                   "item_id"};
        std::string out;
        for (const auto* name : names)
            if (const auto* number = wire::member(value, name))
                out += '[' + wire::json_text(*number) + ']';
        return out;
    }

    void add(wire::Json& value, std::string place, std::string_view name, Document& document) {
        if (!joins_)
            place += '#' + std::to_string(said_.size());
        auto& said = said_.try_emplace(std::move(place), Said{name}).first->second;
        said.pieces.push_back({said.text.size(), &value, &document});
        said.text += value.get_ref<const std::string&>();
    }

    bool joins_;
    std::map<std::string, Said> said_;
};

/// What a piece of a text is without what must not be seen of the whole.
std::string without(const Said& said, std::size_t piece, std::span<const llm::SecretSpan> secrets,
                    std::size_t text_end) {
    auto at = said.pieces[piece].at;
    auto end = std::min(said.end_of(piece), text_end);
    std::string out;
    for (auto secret : secrets) {
        auto after = secret.at + secret.length;
        if (after <= at || secret.at >= end)
            continue;
        if (secret.at >= said.pieces[piece].at)
            out.append(said.text, at, secret.at - at).append(llm::redaction_mark);
        at = std::min(after, end);
    }
    return at < end ? out.append(said.text, at, end - at) : out;
}

/// Words of a format rather than of a speaker: whole, also where a stream was cut.
bool is_kind(std::string_view name) noexcept {
    return name == "type" || name == "object" || name == "model" || name == "role";
}

/// True: there was a secret in it.
bool clean(const Said& said, bool cut) {
    if (said.is_repeated())
        return false;
    // What follows the place of the cut may have gone on with the last word.
    auto whole = cut && !is_kind(said.name) ? without_last_word(said.text) : said.text;
    auto secrets = llm::secrets_in(whole);
    if (secrets.empty() && whole.size() == said.text.size())
        return false;
    for (std::size_t i = 0; i < said.pieces.size(); ++i) {
        auto rest = without(said, i, secrets, whole.size());
        if (rest == said.text_of(i))
            continue;
        *said.pieces[i].value = std::move(rest);
        said.pieces[i].document->changed = true;
    }
    return !secrets.empty();
}

struct Cleaned {
    std::string text;
    bool had_secrets = false;
};

/// The text with those of its documents that were changed written anew.
std::string with_changes(std::string_view text, const std::vector<Document>& documents) {
    std::string out;
    std::size_t at = 0;
    for (const auto& document : documents) {
        if (!document.changed)
            continue;
        out.append(text, at, document.at - at).append(wire::json_text(document.json));
        at = document.at + document.length;
    }
    return out.append(text.substr(at));
}

/// Without the secrets in what its JSON says, of which no event may show all. The last event of a
/// stream that was cut goes, if it is not whole.
Cleaned cleaned(std::string_view text, bool cut) {
    bool is_stream = !is_object(text);
    bool is_cut = cut && is_stream;
    auto documents = documents_in(text);
    Sayings sayings(is_stream);
    for (auto& document : documents) {
        auto json = wire::parse_json(text.substr(document.at, document.length));
        if (json) {
            document.json = std::move(*json);
            sayings.read(document);
        } else if (is_cut && &document == &documents.back()) {
            text = text.substr(0, document.at);
        }
    }
    Cleaned out;
    for (const auto& [place, said] : sayings.all())
        out.had_secrets = clean(said, is_cut) || out.had_secrets;
    out.text = with_changes(text, documents);
    return out;
}

}  // namespace

std::string without_fields(std::string_view text, const std::vector<std::string>& fields) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        auto begin = text.find('"', at);
        if (begin == std::string_view::npos)
            break;
        auto end = end_of_text(text, begin + 1);
        out.append(text.substr(at, end - at));
        at = end;
        auto name = text.substr(begin + 1, end - begin - 1);
        if (name.ends_with('"'))
            name.remove_suffix(1);
        if (std::find(fields.begin(), fields.end(), name) == fields.end())
            continue;
        auto colon = skip_white(text, end);
        if (colon >= text.size() || text[colon] != ':')
            continue;
        auto value = skip_white(text, colon + 1);
        out.append(text.substr(end, value - end));
        if (value < text.size())
            out.append(left_out);
        at = end_of_value(text, value);
    }
    return out.append(text.substr(std::min(at, text.size())));
}

std::string fit_to_keep(std::string_view text, bool cut, std::vector<std::string> fields) {
    auto clear = cleaned(text, cut);
    // Providers tell the tokens of a text beside it.
    if (clear.had_secrets)
        fields.insert(fields.end(), {"logprobs", "logprobsResult"});
    auto whole = cut ? without_last_word(clear.text) : clear.text;
    // What comes out is not much longer than what goes in: marks take the places of secrets.
    return llm::redact(without_fields(whole, fields), 8 * text.size() + 1024);
}

}  // namespace obliv::daemon
