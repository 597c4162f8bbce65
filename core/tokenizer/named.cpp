#include "core/tokenizer/named.hpp"

#include <utility>

namespace obliv::tokenizer {
namespace {

constexpr SplitRule gpt2{Pattern::gpt2, 0};
constexpr SplitRule cl100k{Pattern::cl100k, 3};
constexpr SplitRule o200k{Pattern::o200k, 3};

constexpr Named list[] = {
    {"o200k_base", "o200k_base.bpe", o200k},    {"o200k_harmony", "o200k_base.bpe", o200k},
    {"cl100k_base", "cl100k_base.bpe", cl100k}, {"p50k_base", "p50k_base.bpe", gpt2},
    {"r50k_base", "r50k_base.bpe", gpt2},
};

std::vector<Special> harmony_specials() {
    std::vector<Special> specials{
        {"<|startoftext|>", 199998}, {"<|endoftext|>", 199999}, {"<|return|>", 200002},
        {"<|constrain|>", 200003},   {"<|channel|>", 200005},   {"<|start|>", 200006},
        {"<|end|>", 200007},         {"<|message|>", 200008},   {"<|call|>", 200012},
        {"<|endofprompt|>", 200018},
    };
    auto reserve = [&specials](TokenId id) {
        specials.push_back({"<|reserved_" + std::to_string(id) + "|>", id});
    };
    for (TokenId id : {200000U, 200001U, 200004U, 200009U, 200010U, 200011U})
        reserve(id);
    for (TokenId id = 200013; id < 201088; ++id)
        reserve(id);
    return specials;
}

std::vector<Special> specials_of(std::string_view name) {
    if (name == "o200k_harmony")
        return harmony_specials();
    if (name == "o200k_base")
        return {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}};
    if (name == "cl100k_base")
        return {{"<|endoftext|>", 100257},
                {"<|fim_prefix|>", 100258},
                {"<|fim_middle|>", 100259},
                {"<|fim_suffix|>", 100260},
                {"<|endofprompt|>", 100276}};
    return {{"<|endoftext|>", 50256}};
}

}  // namespace

std::span<const Named> named_encodings() noexcept {
    return list;
}

Result<Encoding> open_named(const Named& named, const std::string& folder) {
    auto vocabulary = Vocabulary::map(folder + "/" + std::string(named.file));
    if (!vocabulary)
        return vocabulary.error();
    return Encoding({std::string(named.name), named.split, std::move(*vocabulary),
                     specials_of(named.name), nullptr, true, false, false});
}

}  // namespace obliv::tokenizer
