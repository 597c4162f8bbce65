// How fast tokens are counted, on one core: megabytes of prose a second, short texts a second.
//
//     token_bench ENCODING VOCABULARIES SECONDS FILE…
//
// Prints one JSON object. scripts/bench_tokens runs it beside the reference.

#include "core/tokenizer/counter.hpp"
#include "core/tokenizer/named.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace obliv::tokenizer;
using Clock = std::chrono::steady_clock;

constexpr std::size_t short_bytes = 60;

std::string read_all(char** begin, char** end) {
    std::ostringstream text;
    for (; begin != end; ++begin)
        text << std::ifstream(*begin, std::ios::binary).rdbuf();
    return text.str();
}

// How often `work` runs in one second.
template <typename Work>
double rate(double seconds, const Work& work) {
    auto begin = Clock::now();
    auto spent = [begin] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    long runs = 0;
    do {
        work();
        ++runs;
    } while (spent() < seconds);
    return static_cast<double>(runs) / spent();
}

std::vector<std::string_view> short_texts(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at + short_bytes < text.size(); at += short_bytes)
        parts.push_back(text.substr(at, short_bytes));
    return parts;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 5)
        return 2;
    auto named = named_encodings();
    auto found = std::find_if(named.begin(), named.end(),
                              [&](const Named& one) { return one.name == arguments[1]; });
    if (found == named.end())
        return 2;
    auto encoding = open_named(*found, arguments[2]);
    if (!encoding)
        return 2;
    auto seconds = std::strtod(arguments[3], nullptr);
    auto text = read_all(arguments + 4, arguments + count);
    auto parts = short_texts(text);
    if (parts.empty())
        return 2;

    auto tokens = encoding->count(text);  // also brings the pages in
    std::size_t sum = 0;
    auto megabytes = static_cast<double>(text.size()) / 1e6;
    auto whole = rate(seconds, [&] { sum += encoding->count(text); });
    auto encoded = rate(seconds, [&] { sum += encoding->encode(text).size(); });
    auto all_parts = rate(seconds, [&] {
        for (auto part : parts)
            sum += encoding->count(part);
    });
    auto streamed = rate(seconds, [&] {
        Counter counter(*encoding);
        for (std::size_t at = 0; at < text.size(); at += 5)
            counter.add(std::string_view(text).substr(at, 5));
        sum += counter.count();
    });
    std::printf("{\"bytes\":%zu,\"tokens\":%zu,\"count_mb_s\":%.1f,\"encode_mb_s\":%.1f,"
                "\"short_per_s\":%.0f,\"stream_mb_s\":%.1f}\n",
                text.size(), tokens, whole * megabytes, encoded * megabytes,
                all_parts * static_cast<double>(parts.size()), streamed * megabytes);
    return sum == 0 ? 1 : 0;
}
