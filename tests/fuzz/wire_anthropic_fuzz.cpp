// The anthropic wire: an even first byte feeds its readers of replies, an odd one that of requests.
#include "core/wire/anthropic.hpp"
#include "tests/fuzz/wire_reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        obliv::test::fuzz_reply(obliv::wire::anthropic, body, data[0]);
    else
        obliv::test::fuzz_request(obliv::wire::anthropic, body);
    return 0;
}
