#include "core/tokenizer/hugging_face.hpp"

#include "core/tokenizer/byte_level.hpp"
#include "core/tokenizer/packed.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <utility>

namespace obliv::tokenizer {
namespace {

using Json = nlohmann::json;

constexpr std::size_t file_bytes_max = 64U << 20U;

Error refused(const std::string& why) {
    return fail(Code::unsupported, "tokenizer.json: " + why);
}

const Json& at(const Json& object, const char* key) {
    static const Json none;
    if (!object.is_object())
        return none;
    auto found = object.find(key);
    return found == object.end() ? none : *found;
}

bool is(const Json& object, const char* key, bool value) {
    const auto& found = at(object, key);
    return found.is_boolean() && found.get<bool>() == value;
}

std::string text_at(const Json& object, const char* key) {
    const auto& found = at(object, key);
    return found.is_string() ? found.get<std::string>() : std::string();
}

// Empty and null both mean: there is none.
bool unset(const Json& object, const char* key) {
    const auto& found = at(object, key);
    return found.is_null() || (found.is_string() && found.get_ref<const std::string&>().empty());
}

struct KnownPattern {
    std::string_view expression;
    SplitRule rule;
};

constexpr std::array known_patterns{
    KnownPattern{R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
                 {Pattern::gpt2, 0}},
    KnownPattern{
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
        {Pattern::cl100k, 3}},
    KnownPattern{
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
        {Pattern::cl100k, 1}},
    KnownPattern{
        R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
        {Pattern::o200k, 3}},
};

// DeepSeek splits three times over: numbers, then Chinese and Japanese, then the rest.
constexpr std::array<std::string_view, 3> deepseek_patterns{
    R"(\p{N}{1,3})", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};

std::string pattern_of(const Json& step) {
    if (text_at(step, "type") != "Split" || text_at(step, "behavior") != "Isolated" ||
        is(step, "invert", true))
        return {};
    return text_at(at(step, "pattern"), "Regex");
}

bool is_byte_level(const Json& step, bool splits) {
    return text_at(step, "type") == "ByteLevel" && !is(step, "add_prefix_space", true) &&
           is(step, "use_regex", false) != splits;
}

Result<SplitRule> rule_of_patterns(const std::vector<std::string>& patterns) {
    if (std::equal(patterns.begin(), patterns.end(), deepseek_patterns.begin(),
                   deepseek_patterns.end()))
        return SplitRule{Pattern::deepseek, 3};
    for (const auto& known : known_patterns)
        if (patterns.size() == 1 && patterns.front() == known.expression)
            return known.rule;
    return refused("its split pattern is none of those in docs/tokenizers.md");
}

Result<SplitRule> read_split(const Json& pre) {
    if (is_byte_level(pre, true))
        return known_patterns.front().rule;
    const auto& steps = at(pre, "pretokenizers");
    if (text_at(pre, "type") != "Sequence" || !steps.is_array() || steps.size() < 2 ||
        steps.size() > 4 || !is_byte_level(steps.back(), false))
        return refused("pre_tokenizer: expected splits and then ByteLevel");
    std::vector<std::string> patterns;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i)
        patterns.push_back(pattern_of(steps[i]));
    return rule_of_patterns(patterns);
}

Result<bool> read_normalizer(const Json& normalizer) {
    if (normalizer.is_null())
        return false;
    const auto& steps = at(normalizer, "normalizers");
    if (text_at(normalizer, "type") == "Sequence" && steps.is_array() && steps.empty())
        return false;
    if (text_at(normalizer, "type") == "NFC")
        return true;
    return refused("normalizer: expected none or NFC, got " + text_at(normalizer, "type"));
}

std::optional<TokenId> id_of(const Json& value) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= tokens_limit)
        return std::nullopt;
    return static_cast<TokenId>(value.get<std::uint64_t>());
}

Result<void> add_token(const std::string& text, const Json& value,
                       std::vector<std::string>& tokens) {
    auto id = id_of(value);
    if (!id)
        return refused("model.vocab: an id is not a number below the limit");
    auto bytes = bytes_of_byte_level(text);
    if (!bytes || bytes->empty())
        return ok();  // a special token, which merging never makes
    if (*id >= tokens.size())
        tokens.resize(*id + 1);
    if (!tokens[*id].empty())
        return refused("model.vocab: two tokens have the same id");
    tokens[*id] = std::move(*bytes);
    return ok();
}

Result<Vocabulary> read_vocabulary(const Json& vocab) {
    if (!vocab.is_object() || vocab.empty() || vocab.size() > tokens_limit)
        return refused("model.vocab: expected an object of ids by tokens");
    std::vector<std::string> tokens;
    for (const auto& [text, value] : vocab.items())
        if (auto added = add_token(text, value, tokens); !added)
            return added.error();
    auto packed = pack(tokens);
    if (!packed)
        return packed.error();
    return Vocabulary::own(std::move(*packed));
}

// "left right", or ["left", "right"] where a token may hold a blank.
std::optional<std::pair<std::string, std::string>> sides_of(const Json& merge) {
    std::string left;
    std::string right;
    if (merge.is_string()) {
        const auto& text = merge.get_ref<const std::string&>();
        auto blank = text.find(' ');
        if (blank == std::string::npos)
            return std::nullopt;
        left = text.substr(0, blank);
        right = text.substr(blank + 1);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
        left = merge[0].get<std::string>();
        right = merge[1].get<std::string>();
    }
    auto left_bytes = bytes_of_byte_level(left);
    auto right_bytes = bytes_of_byte_level(right);
    if (!left_bytes || !right_bytes)
        return std::nullopt;
    return std::pair(std::move(*left_bytes), std::move(*right_bytes));
}

Result<std::unique_ptr<PairTable>> read_merges(const Json& merges, const Vocabulary& vocabulary) {
    if (!merges.is_array() || merges.size() > tokens_limit)
        return refused("model.merges: expected a list");
    auto pairs = std::make_unique<PairTable>(merges.size());
    std::uint32_t rank = 0;
    for (const auto& merge : merges) {
        auto sides = sides_of(merge);
        if (!sides)
            return refused("model.merges: merge " + std::to_string(rank) + " is not two tokens");
        auto left = vocabulary.find(sides->first);
        auto right = vocabulary.find(sides->second);
        auto made = vocabulary.find(sides->first + sides->second);
        if (left == no_token || right == no_token || made == no_token)
            return refused("model.merges: merge " + std::to_string(rank) +
                           " is of tokens that are not in the vocabulary");
        pairs->add(left, right, {rank++, made});
    }
    return pairs;
}

Result<std::vector<Special>> read_added(const Json& added) {
    std::vector<Special> specials;
    for (const auto& each : added.is_array() ? added : Json::array()) {
        auto id = id_of(at(each, "id"));
        auto text = text_at(each, "content");
        if (!id || text.empty() || text.size() > token_bytes_limit)
            return refused("added_tokens: expected an id and a content");
        specials.push_back({std::move(text), *id});
    }
    // The longest first: one may begin with another.
    std::stable_sort(specials.begin(), specials.end(), [](const Special& a, const Special& b) {
        return a.text.size() > b.text.size();
    });
    return specials;
}

Result<void> check_model(const Json& model) {
    if (text_at(model, "type") != "BPE")
        return refused("model.type: expected BPE");
    if (is(model, "byte_fallback", true))
        return refused("model.byte_fallback: a vocabulary of characters, not of bytes");
    for (const auto* key : {"continuing_subword_prefix", "end_of_word_suffix", "unk_token"})
        if (!unset(model, key))
            return refused(std::string("model.") + key + ": expected none");
    return ok();
}

}  // namespace

Result<Encoding> read_hugging_face(std::string name, std::string_view json) {
    auto document = Json::parse(json, nullptr, false);
    if (!document.is_object())
        return refused("not a JSON object");
    const auto& model = at(document, "model");
    if (auto good = check_model(model); !good)
        return good.error();
    auto nfc = read_normalizer(at(document, "normalizer"));
    if (!nfc)
        return nfc.error();
    auto split = read_split(at(document, "pre_tokenizer"));
    if (!split)
        return split.error();
    auto vocabulary = read_vocabulary(at(model, "vocab"));
    if (!vocabulary)
        return vocabulary.error();
    auto pairs = read_merges(at(model, "merges"), *vocabulary);
    if (!pairs)
        return pairs.error();
    auto specials = read_added(at(document, "added_tokens"));
    if (!specials)
        return specials.error();
    return Encoding({std::move(name), *split, std::move(*vocabulary), std::move(*specials),
                     std::move(*pairs), is(model, "ignore_merges", true), *nfc, true});
}

Result<Encoding> open_hugging_face(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    auto bytes = file ? static_cast<std::int64_t>(file.tellg()) : -1;
    if (bytes < 0)
        return fail(Code::not_found, "tokenizer '" + path + "' cannot be read");
    if (bytes > static_cast<std::int64_t>(file_bytes_max))
        return refused(path + " is larger than 64 MiB");
    std::string text(static_cast<std::size_t>(bytes), '\0');
    file.seekg(0);
    if (!file.read(text.data(), bytes))
        return fail(Code::io, "tokenizer '" + path + "' cannot be read");
    auto encoding = read_hugging_face(path, text);
    if (!encoding)
        return fail(encoding.error().code, path + ": " + encoding.error().message);
    return encoding;
}

}  // namespace obliv::tokenizer
