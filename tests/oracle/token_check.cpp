// Compares our tokens with those of another implementation.
//
//     token_check ENCODING FOLDER [SEED] <answers
//
// ENCODING is a public one, or the path of a tokenizer.json.
// An answer is, in the machine's byte order: u32 1 if special tokens are recognised, u32 bytes of a
// text, the text, u32 tokens, the ids. Each text is also counted as it would arrive in a stream,
// cut at random, and put together again from its tokens. Prints the first texts that differ and how
// many answers it saw; exit 1 if any differs.

#include "core/tokenizer/counter.hpp"
#include "core/tokenizer/hugging_face.hpp"
#include "core/tokenizer/named.hpp"
#include "core/tokenizer/nfc.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace obliv::tokenizer;

struct Answer {
    Specials specials = Specials::as_text;
    std::string text;
    std::vector<TokenId> tokens;
};

std::optional<std::uint32_t> read_number() {
    std::uint32_t value = 0;
    if (std::fread(&value, sizeof value, 1, stdin) != 1)
        return std::nullopt;
    return value;
}

std::optional<Answer> read_answer() {
    auto special = read_number();
    auto bytes = read_number();
    if (!special || !bytes)
        return std::nullopt;
    Answer answer;
    answer.specials = *special != 0 ? Specials::recognised : Specials::as_text;
    answer.text.resize(*bytes);
    if (std::fread(answer.text.data(), 1, *bytes, stdin) != *bytes)
        return std::nullopt;
    answer.tokens.resize(read_number().value_or(0));
    if (std::fread(answer.tokens.data(), sizeof(TokenId), answer.tokens.size(), stdin) !=
        answer.tokens.size())
        return std::nullopt;
    return answer;
}

std::size_t count_in_parts(const Encoding& encoding, const std::string& text,
                           std::mt19937_64& random) {
    Counter counter(encoding);
    for (std::size_t at = 0; at < text.size();) {
        auto bytes = 1 + random() % (random() % 8 == 0 ? 200 : 6);
        counter.add(std::string_view(text).substr(at, bytes));
        at += bytes;
    }
    return counter.count();
}

std::string complaint(const Encoding& encoding, const Answer& answer, std::mt19937_64& random) {
    auto ours = encoding.encode(answer.text, answer.specials);
    if (ours != answer.tokens)
        return "other tokens: " + std::to_string(ours.size()) + ", expected " +
               std::to_string(answer.tokens.size());
    if (encoding.count(answer.text, answer.specials) != answer.tokens.size())
        return "count() is not what encode() gives";
    std::string again;
    for (auto id : ours)
        again += encoding.bytes(id);
    if (again != answer.text && again != nfc(answer.text))
        return "the tokens do not make the text again";
    if (count_in_parts(encoding, answer.text, random) != encoding.count(answer.text))
        return "counted in parts it is another number";
    return {};
}

void show(const Encoding& encoding, const Answer& answer) {
    auto ours = encoding.encode(answer.text, answer.specials);
    auto [left, right] =
        std::mismatch(ours.begin(), ours.end(), answer.tokens.begin(), answer.tokens.end());
    auto line = [&encoding](auto from, auto to) {
        for (int i = 0; from != to && i < 8; ++from, ++i) {
            std::printf(" %u=", *from);
            for (unsigned char c : encoding.bytes(*from))
                std::printf(c > 32 && c < 127 ? "%c" : "<%02x>", c);
        }
        std::printf("\n");
    };
    std::printf("  from token %td on, ours:", left - ours.begin());
    line(left, ours.end());
    std::printf("  theirs:");
    line(right, answer.tokens.end());
}

obliv::Result<Encoding> open(const std::string& name, const std::string& folder) {
    for (const auto& named : named_encodings())
        if (named.name == name)
            return open_named(named, folder);
    return open_hugging_face(name);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3)
        return 2;
    auto encoding = open(arguments[1], arguments[2]);
    if (!encoding) {
        std::printf("%s\n", encoding.error().message.c_str());
        return 2;
    }
    auto seed = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1;
    std::mt19937_64 random(seed);
    int seen = 0;
    int wrong = 0;
    while (auto answer = read_answer()) {
        ++seen;
        auto problem = complaint(*encoding, *answer, random);
        if (problem.empty() || ++wrong > 10)
            continue;
        std::printf("text %d (%zu bytes): %s\n", seen, answer->text.size(), problem.c_str());
        show(*encoding, *answer);
    }
    std::printf("%d texts, %d differ\n", seen, wrong);
    return wrong == 0 && seen > 0 ? 0 : 1;
}
