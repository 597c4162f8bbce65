// What a Realtime server sends, a message a line: cut into pieces it must bill what it bills whole.
#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/llm/realtime_scan.hpp"

#include <algorithm>
#include <string_view>

using namespace obliv;
using namespace obliv::llm;

namespace {

struct Billed {
    int count = 0;
    std::int64_t input = 0;
    std::int64_t output = 0;
    bool responding = false;
    std::int64_t said = 0;
};

Billed scanned(std::string_view lines, Random* cuts) {
    RealtimeScan scan;
    while (!lines.empty()) {
        auto message = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(message.size() + 1, lines.size()));
        do {
            auto length = cuts == nullptr ? message.size() : 1 + cuts->below(9);
            auto piece = message.substr(0, length);
            message.remove_prefix(piece.size());
            scan.feed(piece, message.empty());
        } while (!message.empty());
    }
    Billed out;
    out.responding = scan.responding();
    out.said = scan.said().output_all();
    auto ended = scan.take();
    out.count = ended.count;
    out.input = ended.usage.input_all();
    out.output = ended.usage.output_all();
    check(scan.take().count == 0, "what has ended is billed once");
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    Random cuts(data[0]);
    std::string_view lines(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto whole = scanned(lines, nullptr);
    auto pieces = scanned(lines, &cuts);
    check(whole.count == pieces.count, "the same responses end however their messages are cut");
    check(whole.input == pieces.input && whole.output == pieces.output, "and cost the same");
    check(whole.responding == pieces.responding && whole.said == pieces.said, "so does the rest");
    return 0;
}
