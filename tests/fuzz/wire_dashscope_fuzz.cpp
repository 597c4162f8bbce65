// A provider's reply in DashScope's own form, and any client's request on its way to one. The first
// byte is the seed of the cuts.
#include "core/wire/dashscope.hpp"
#include "core/wire/openai.hpp"
#include "tests/fuzz/wire_reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    obliv::test::fuzz_reply(obliv::wire::dashscope, body, data[0]);
    if (auto request = obliv::wire::openai.read_request({body}))
        obliv::check(obliv::wire::dashscope.write_request(*request, {}).has_value(),
                     "what was read can be written");
    return 0;
}
