// A provider's reply in Cohere's form and a client's request; the first byte is the seed of the
// cuts.
#include "core/wire/cohere.hpp"
#include "tests/fuzz/wire_reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    obliv::test::fuzz_reply(obliv::wire::cohere, body, data[0]);
    obliv::test::fuzz_request(obliv::wire::cohere, body);
    return 0;
}
