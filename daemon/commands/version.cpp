#include "core/base/version.hpp"

#include "daemon/commands/settings.hpp"
#include "daemon/commands/verbs.hpp"

namespace obliv::daemon {

Result<void> print_version(const Invocation& invocation) {
    std::string number(version);
    if (invocation.has("--json"))
        return print_out("{\"schema\":\"oblivd.version/1\",\"version\":\"" + number + "\"}\n");
    return print_out("oblivd " + number + "\n");
}

}  // namespace obliv::daemon
