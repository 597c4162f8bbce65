#include "cli/sim/vectors.hpp"

#include "cli/sim/words.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace obliv::sim {
namespace {

constexpr std::int64_t length_default = 64;
constexpr std::int64_t length_max = 4096;

/// The same for the same word, on every machine (FNV-1a).
std::uint64_t hash_of(std::string_view word) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (char c : word)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

}  // namespace

std::string without_case(std::string_view word) {
    std::string out(trim(word));
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::int64_t words_of(const std::vector<std::string>& texts) {
    return std::accumulate(
        texts.begin(), texts.end(), std::int64_t{0},
        [](std::int64_t sum, const std::string& text) { return sum + count_words(text); });
}

std::size_t vector_length(std::optional<std::int64_t> wanted, std::string_view field,
                          wire::Complaint& complaint) {
    auto length = wanted.value_or(length_default);
    if (length >= 1 && length <= length_max)
        return static_cast<std::size_t>(length);
    complaint.expected(field, "a number from 1 to " + std::to_string(length_max));
    return 1;
}

std::vector<float> vector_of(std::string_view text, std::size_t length) {
    std::vector<double> sums(length, 0.0);
    // A part of all vectors alike: an empty text has a direction too.
    sums[0] = 0.25;
    for (auto word : split_words(text)) {
        auto hash = hash_of(without_case(word));
        for (int i = 0; i < 4; ++i, hash = std::rotl(hash, 16))
            sums[(hash & 0xFFFFU) % sums.size()] += (hash & 0x10000U) != 0 ? 1.0 : -1.0;
    }
    double square = std::inner_product(sums.begin(), sums.end(), sums.begin(), 0.0);
    std::vector<float> out;
    for (auto sum : sums)
        out.push_back(static_cast<float>(sum / std::sqrt(square > 0 ? square : 1.0)));
    return out;
}

Result<Call> answered(const wire::Complaint& complaint, std::string model, std::int64_t tokens,
                      const wire::Json& document) {
    if (complaint)
        return *complaint.first();
    Call call;
    call.chat.model = std::move(model);
    call.prompt_tokens = tokens;
    call.document = wire::json_text(document);
    return call;
}

}  // namespace obliv::sim
