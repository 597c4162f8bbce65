#include "core/tokenizer/tokenizers.hpp"

#include "core/tokenizer/estimate.hpp"
#include "core/tokenizer/models.hpp"
#include "core/tokenizer/named.hpp"

#include <filesystem>

namespace obliv::tokenizer {

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

void Tokenizers::assign(Assigned assigned) {
    assigned_.push_back(std::move(assigned));
}

const Encoding* Tokenizers::named(std::string_view name) const noexcept {
    for (const auto& encoding : encodings_)
        if (encoding->name() == name)
            return encoding.get();
    return nullptr;
}

const Encoding* Tokenizers::of_model(std::string_view model) const noexcept {
    const Assigned* best = nullptr;
    for (const auto& each : assigned_)
        if (model.starts_with(each.prefix) &&
            (best == nullptr || each.prefix.size() > best->prefix.size()))
            best = &each;
    return best != nullptr ? best->encoding.get() : named(rule_of(model).encoding);
}

Count Tokenizers::count(std::string_view model, std::string_view text) const {
    if (const auto* encoding = of_model(model); encoding != nullptr)
        return {static_cast<std::int64_t>(encoding->count(text, encoding->usual())), true};
    return {static_cast<std::int64_t>(estimate(text, rule_of(model).percent)), false};
}

}  // namespace obliv::tokenizer
