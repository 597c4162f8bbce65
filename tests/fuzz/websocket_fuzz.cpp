// Feeds any bytes to the frame reader: a split changes nothing, messages stay within their limit,
// and control frames within theirs.

#include "core/base/check.hpp"
#include "core/http/websocket.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace obliv;
using namespace obliv::http;

namespace {

constexpr std::uint64_t message_bytes_max = 1000;

struct Seen {
    std::string log;
    bool failed = false;
};

Seen read(std::string_view bytes, bool masked, std::size_t step) {
    FrameReader reader(masked, message_bytes_max);
    Seen seen;
    std::string frame;
    std::size_t message = 0;
    while (!bytes.empty() && !seen.failed) {
        auto piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        while (true) {
            auto got = reader.next(piece);
            seen.failed = !got;
            if (!got || !*got)
                break;
            frame += unmasked(**got);
            message += (*got)->is_control() ? 0 : (*got)->payload.size();
            check(message <= message_bytes_max, "a message has a limit");
            check(!(*got)->is_control() || frame.size() <= 125, "a control frame is short");
            if (!(*got)->frame_end)
                continue;
            seen.log += std::to_string(static_cast<int>((*got)->opcode)) + frame + "|";
            frame.clear();
            if ((*got)->message_end && !(*got)->is_control())
                message = 0;
        }
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (bool masked : {false, true}) {
        auto whole = read(bytes, masked, std::string_view::npos);
        auto single = read(bytes, masked, 1);
        check(whole.failed == single.failed, "a split changes no verdict");
        check(whole.log == single.log, "a split changes no frame");
    }
    return 0;
}
