// Bedrock's replies. An even first byte: what follows is a reply. An odd one: lines of `name json`,
// which are put into frames first, as no fuzzer finds their checksums.
#include "core/wire/aws_events.hpp"
#include "core/wire/bedrock.hpp"
#include "tests/fuzz/wire_reply.hpp"

#include <string>

namespace {

std::string framed(std::string_view lines) {
    std::string out;
    while (!lines.empty()) {
        auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        auto name = line.substr(0, line.find(' '));
        auto json = line.substr(std::min(name.size() + 1, line.size()));
        if (name.size() > 255)
            continue;
        if (name.ends_with("Exception"))
            obliv::wire::append_aws_exception(out, name, json);
        else
            obliv::wire::append_aws_event(out, name, json);
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        obliv::test::fuzz_reply(obliv::wire::bedrock, body, data[0]);
    else
        obliv::test::fuzz_reply(obliv::wire::bedrock, framed(body), data[0]);
    return 0;
}
