// Every conversion of a request: what a client of one format sent, by the first byte, is written
// for each provider's format, and what comes of it is JSON.
#include "core/base/check.hpp"
#include "core/wire/media_needs.hpp"
#include "core/wire/wire.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

using namespace obliv;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    auto formats = wire::all();
    const auto& front = *formats[data[0] % formats.size()];
    if (front.read_request == nullptr)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto request = front.read_request({body, "m", (data[0] & 0x80) != 0});
    if (!request)
        return 0;
    wire::Dialect dialect;
    dialect.output_tokens_default = 4096;
    for (const auto* target : formats) {
        if (target->write_request == nullptr)
            continue;
        auto copy = *request;
        static_cast<void>(wire::media_to_fetch(copy, *target));
        auto written = target->write_request(copy, dialect);
        if (written)
            check(!nlohmann::json::parse(written->body, nullptr, false).is_discarded(),
                  "what is written for a provider is JSON");
    }
    return 0;
}
