// Streams from providers: the decoder and the relay's scanner. Whatever comes, a stream cut into
// pieces must give what it gives in one, and nothing may be lost between what is forwarded and what
// is kept.
#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/llm/reply_scan.hpp"

#include <string>

using namespace obliv;
using namespace obliv::llm;

namespace {

constexpr std::size_t limit = 1U << 20;

struct Scanned {
    std::string forwarded;
    ReplyFacts facts;
    std::string kept;
};

Scanned scanned(std::string_view stream, bool withhold, Random* cuts) {
    Scanned result;
    StreamScan scan({withhold, limit});
    while (!stream.empty()) {
        auto piece = stream.substr(0, cuts == nullptr ? stream.size() : 1 + cuts->below(9));
        std::vector<std::string_view> out;
        auto same = scan.feed(std::span(&piece, 1), out);
        check(same.has_value(), "no event is over the limit");
        std::string joined;
        for (auto part : out)
            joined += part;
        check(!*same || joined == piece, "what goes out as it came is what came");
        result.forwarded += joined;
        stream.remove_prefix(piece.size());
    }
    result.facts = scan.facts();
    result.kept = std::string(scan.closing()) + std::string(scan.unfinished());
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 64'000)
        return 0;
    Random cuts(data[0]);
    bool withhold = (data[1] & 1) != 0;
    std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);

    auto whole = scanned(stream, false, nullptr);
    auto pieces = scanned(stream, false, &cuts);
    // An error event is withheld: the relay tells the client in words of its own.
    if (!whole.facts.error)
        check(whole.forwarded + whole.kept == stream, "nothing is lost and nothing added");
    if (!pieces.facts.error)
        check(pieces.forwarded + pieces.kept == stream,
              "nothing is lost and nothing added when cut");
    check(whole.facts.error == pieces.facts.error, "an error is seen however the stream is cut");
    check(whole.facts.done == pieces.facts.done, "the end is seen however the stream is cut");
    check(scanned(stream, withhold, &cuts).forwarded.size() <= stream.size(),
          "withholding adds nothing");

    PlainScan plain;
    plain.feed(stream);
    return 0;
}
