// Feeds any bytes to the HTTP parsers. A head that is complete must read the same whatever follows
// it, no shorter prefix of it may be complete, and a body must decode the same byte by byte.

#include "core/base/check.hpp"
#include "core/http/chunked.hpp"
#include "core/http/head.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace obliv;
using namespace obliv::http;

namespace {

void check_request(std::string_view bytes) {
    RequestHead whole;
    auto parsed = parse_request_head(bytes, HeadLimits{}, whole);
    if (!parsed || *parsed != Parse::complete)
        return;
    check(whole.size <= bytes.size(), "a head lies within its input");
    check(!(whole.chunked && whole.content_length), "a request is framed in one way");
    RequestHead exact;
    auto again = parse_request_head(bytes.substr(0, whole.size), HeadLimits{}, exact);
    check(again && *again == Parse::complete, "a head ends where it says");
    check(exact.path == whole.path && exact.query == whole.query, "what follows changes nothing");
    RequestHead shorter;
    auto before = parse_request_head(bytes.substr(0, whole.size - 1), HeadLimits{}, shorter);
    check(before && *before == Parse::need_more, "no prefix of a head is complete");
    for (auto header : whole.headers)
        check(header.value.find_first_of("\r\n") == std::string_view::npos, "a value is one line");
}

struct Decoded {
    std::string payload;
    std::size_t consumed = 0;
    bool failed = false;
    bool done = false;
};

Decoded decode(std::string_view bytes, std::size_t step_bytes) {
    ChunkedDecoder decoder;
    Decoded out;
    while (out.consumed < bytes.size() && !decoder.done()) {
        auto step = decoder.next(bytes.substr(out.consumed, step_bytes));
        if (!step) {
            out.failed = true;
            break;
        }
        out.payload += step->payload;
        out.consumed += step->consumed;
    }
    out.done = decoder.done();
    return out;
}

void check_chunked(std::string_view bytes) {
    auto whole = decode(bytes, std::string_view::npos);
    auto single = decode(bytes, 1);
    check(whole.failed == single.failed, "a split changes no verdict");
    check(whole.done == single.done, "a split changes no end");
    check(whole.payload == single.payload, "a split changes no payload");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_request(bytes);
    check_chunked(bytes);
    ResponseHead head;
    auto parsed = parse_response_head(bytes, "GET", HeadLimits{}, head);
    if (parsed && *parsed == Parse::complete)
        check(head.size <= bytes.size() && head.status >= 200, "a reply has a final status");
    return 0;
}
