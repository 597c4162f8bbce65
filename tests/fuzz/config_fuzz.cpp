// Any text as a configuration file: it is refused with a place, or it prints as one that is read
// back as the same settings.
#include "core/base/check.hpp"
#include "core/config/load.hpp"
#include "core/config/schema.hpp"

namespace {

using namespace obliv;
using namespace obliv::config;

Environment environment() {
    Environment out;
    out.variable = [](const std::string& name) -> std::optional<std::string> {
        if (name == "HOME")
            return "/home/ann";
        return std::nullopt;
    };
    out.uid = 1000;
    out.folder = "/";
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto surroundings = environment();
    const Source source{"f", std::string(reinterpret_cast<const char*>(data), size)};
    auto first = load_texts({&source, 1}, {}, surroundings);
    if (!first) {
        check(!first.error().message.empty(), "a refusal says why");
        return 0;
    }
    const Source printed{"p", print(*first)};
    auto second = load_texts({&printed, 1}, {}, surroundings);
    // Passwords of proxies are not printed, so a printed proxy may be another one.
    check(second.has_value(), "what is printed can be read");
    for (const auto& field : fields())
        check(field.key == "proxy" || field.same(first->config, second->config),
              "what is printed reads back as the same");
    return 0;
}
