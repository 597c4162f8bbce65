#include "core/tokenizer/tokenizers.hpp"

#include "core/tokenizer/estimate.hpp"
#include "core/tokenizer/hugging_face.hpp"
#include "core/tokenizer/models.hpp"
#include "core/tokenizer/named.hpp"

#include <filesystem>

namespace obliv::tokenizer {

namespace {

bool matches(std::string_view pattern, std::string_view model) noexcept {
    if (!pattern.ends_with('*'))
        return model == pattern;
    return model.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Result<Tokenizers> Tokenizers::open(const std::string& folder) {
    Tokenizers made;
    for (const auto& named : named_encodings()) {
        auto encoding = open_named(named, folder);
        if (!encoding)
            return encoding.error();
        made.encodings_.push_back(std::make_shared<const Encoding>(std::move(*encoding)));
    }
    return made;
}

std::string Tokenizers::installed_folder() {
    std::error_code problem;
    auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
    auto share = program.parent_path().parent_path() / "share";
    auto own = share / "oblivd/vocabularies";
    if (std::filesystem::is_directory(own, problem))
        return own;
    return share / "obliv/vocabularies";
}

Result<void> Tokenizers::assign(std::string pattern, const std::string& source) {
    auto encoding = find(source);
    if (encoding == nullptr) {
        auto opened = open_hugging_face(source);
        if (!opened)
            return opened.error();
        encoding = std::make_shared<const Encoding>(std::move(*opened));
    }
    assigned_.push_back({std::move(pattern), std::move(encoding)});
    return ok();
}

std::shared_ptr<const Encoding> Tokenizers::find(std::string_view name) const noexcept {
    for (const auto& encoding : encodings_)
        if (encoding->name() == name)
            return encoding;
    return nullptr;
}

const Encoding* Tokenizers::named(std::string_view name) const noexcept {
    return find(name).get();
}

const Encoding* Tokenizers::of_model(std::string_view model) const noexcept {
    const Assigned* best = nullptr;
    for (const auto& each : assigned_)
        if (matches(each.pattern, model) &&
            (best == nullptr || each.pattern.size() > best->pattern.size()))
            best = &each;
    return best != nullptr ? best->encoding.get() : named(rule_of(model).encoding);
}

Count Tokenizers::count(std::string_view model, std::string_view text) const {
    if (const auto* encoding = of_model(model); encoding != nullptr)
        return {static_cast<std::int64_t>(encoding->count(text, encoding->usual())), true};
    return {static_cast<std::int64_t>(estimate(text, rule_of(model).percent)), false};
}

}  // namespace obliv::tokenizer
