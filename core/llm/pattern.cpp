#include "core/llm/pattern.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <regex>

namespace obliv::llm {

struct ModelPattern::Expression {
    std::regex compiled;
};

namespace {

Error bad(std::string_view pattern, std::string_view why) {
    auto shown = visible(pattern.substr(0, 64));
    return fail(Code::invalid_request,
                "the model pattern '" + shown + "' cannot be used: " + std::string(why));
}

bool blank_or_control(char c) noexcept {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
}

/// What keeps the compiled automaton small and free of backtracking; nothing when all is well.
std::string_view risk_in(std::string_view expression) noexcept {
    bool in_class = false;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        char c = expression[i];
        auto rest = expression.substr(i + 1);
        if (c == '\\')
            ++i;
        else if (in_class)
            in_class = c != ']';
        else if (c == '[')
            in_class = true;
        else if (c == '{')
            return "repetition counts in braces are not supported; write * + or ?";
        else if (c == '(' && rest.starts_with('?') && !rest.starts_with("?:"))
            return "look-ahead is not supported";
    }
    return {};
}

Result<std::regex> compile(std::string_view text) {
    if (text.size() < 3 || !text.ends_with('/'))
        return bad(text, "a regular expression stands between two slashes");
    auto expression = text.substr(1, text.size() - 2);
    if (auto risk = risk_in(expression); !risk.empty())
        return bad(text, risk);
    // One pass over the whole name instead of a search that starts again at every byte.
    auto anywhere = "[\\s\\S]*(?:" + std::string(expression) + ")[\\s\\S]*";
    try {
        // With __polynomial libstdc++ runs the automaton breadth first: no backtracking, so no
        // expression can take exponential time or deep recursion.
        return std::regex(anywhere, std::regex::ECMAScript | std::regex::nosubs |
                                        std::regex_constants::__polynomial);
    } catch (const std::regex_error&) {
        return bad(text, "it is not a regular expression without back references");
    }
}

}  // namespace

Result<ModelPattern> ModelPattern::parse(std::string_view text) {
    if (text.empty())
        return fail(Code::invalid_request, "a model pattern must not be empty");
    if (text.size() > pattern_bytes_max)
        return bad(text, "it is longer than 256 bytes");
    if (first_invalid_utf8(text) || std::any_of(text.begin(), text.end(), blank_or_control))
        return bad(text, "it contains a space, a control byte or invalid UTF-8");

    ModelPattern pattern;
    pattern.text_ = text;
    if (text.starts_with('/')) {
        auto compiled = compile(text);
        if (!compiled)
            return compiled.error();
        pattern.kind_ = Kind::regex;
        pattern.expression_ = std::make_shared<const Expression>(Expression{std::move(*compiled)});
        return pattern;
    }
    if (auto star = text.find('*'); star != std::string_view::npos) {
        if (star + 1 != text.size())
            return bad(text, "* may only stand at its end; other forms are written /as a regex/");
        pattern.kind_ = Kind::prefix;
        return pattern;
    }
    if (auto named = check_model_name(text); !named)
        return named.error();
    return pattern;
}

bool ModelPattern::matches(std::string_view model) const {
    if (model.size() > model_bytes_max)
        return false;
    std::string_view text = text_;
    switch (kind_) {
    case Kind::exact:
        return model == text;
    case Kind::prefix:
        return model.starts_with(text.substr(0, text.size() - 1));
    case Kind::regex:
        return std::regex_match(model.begin(), model.end(), expression_->compiled);
    }
    return false;
}

std::string_view name_of(ModelPattern::Kind kind) noexcept {
    switch (kind) {
    case ModelPattern::Kind::exact:
        return "exact";
    case ModelPattern::Kind::prefix:
        return "prefix";
    case ModelPattern::Kind::regex:
        break;
    }
    return "regex";
}

Result<void> check_model_name(std::string_view name) {
    if (name.empty() || name.size() > model_bytes_max)
        return fail(Code::invalid_request,
                    "the name of a model has 1 to 128 bytes, got " + std::to_string(name.size()));
    if (first_invalid_utf8(name) || std::any_of(name.begin(), name.end(), blank_or_control))
        return fail(Code::invalid_request, "the name of a model has no spaces, control bytes or "
                                           "invalid UTF-8, got '" +
                                               visible(name) + "'");
    return ok();
}

}  // namespace obliv::llm
