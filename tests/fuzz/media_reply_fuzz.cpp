// Replies of images, sound and transcripts as they pass by. Whatever comes, of what is no stream
// nothing may be kept back; and one that is well formed must bill in pieces what it bills in one.
#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/llm/media_reply.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

using namespace obliv;
using namespace obliv::llm;

namespace {

struct Seen {
    std::string shown;
    std::string kept;
    std::string error;
    std::int64_t images = 0;
    ImageMade made;
    std::int64_t seconds = -1;
    bool failed = false;
    bool figures = false;
    std::int64_t output = 0;
};

Seen scanned(MediaScan::Form form, std::string_view reply, Random* cuts) {
    MediaScan scan(form, 1);
    Seen seen;
    while (!reply.empty()) {
        auto length = cuts == nullptr ? reply.size() : 1 + cuts->below(9);
        auto piece = reply.substr(0, length);
        std::vector<std::string_view> out;
        scan.feed(std::span(&piece, 1), out);
        for (auto part : out)
            seen.shown += part;
        reply.remove_prefix(piece.size());
    }
    seen.kept = std::string(scan.closing());
    seen.error = std::string(scan.error());
    seen.images = scan.images();
    seen.made = scan.made();
    seen.seconds = scan.seconds().value_or(-1);
    seen.failed = scan.facts().error;
    seen.figures = scan.facts().usage.has_value();
    if (seen.figures)
        seen.output = scan.facts().usage->output_all();
    return seen;
}

bool is_json(std::string_view text) {
    return !nlohmann::json::parse(text, nullptr, false).is_discarded();
}

/// One object, or a stream of events that have one each.
bool well_formed(MediaScan::Form form, std::string_view reply) {
    if (form != MediaScan::Form::stream)
        return form == MediaScan::Form::bytes || is_json(reply);
    while (!reply.empty()) {
        auto line = reply.substr(0, reply.find('\n'));
        reply.remove_prefix(std::min(line.size() + 1, reply.size()));
        bool named = line.starts_with("event: ") && line.find('"') == std::string_view::npos;
        bool other = line.empty() || named;
        if (!other && !(line.starts_with("data: ") && is_json(line.substr(6))))
            return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 64'000)
        return 0;
    Random cuts(data[0]);
    auto form = static_cast<MediaScan::Form>(data[1] % 3);
    std::string_view reply(reinterpret_cast<const char*>(data) + 2, size - 2);
    auto whole = scanned(form, reply, nullptr);
    auto pieces = scanned(form, reply, &cuts);
    if (form != MediaScan::Form::stream)
        check(pieces.shown == reply && whole.shown == reply, "nothing is kept back of no stream");
    if (!well_formed(form, reply))
        return 0;
    check(whole.images == pieces.images, "the same images are billed however a reply is cut");
    check(whole.made.size == pieces.made.size && whole.made.quality == pieces.made.quality,
          "at the same price");
    check(whole.seconds == pieces.seconds, "and the same seconds");
    check(whole.figures == pieces.figures && whole.output == pieces.output, "and the same tokens");
    check(whole.failed == pieces.failed, "an error is seen however a reply is cut");
    if (form == MediaScan::Form::stream && !whole.failed)
        check(whole.shown + whole.kept == reply, "nothing is lost and nothing added");
    return 0;
}
