#include "daemon/commands/generate.hpp"

#include "core/config/schema.hpp"
#include "daemon/commands/settings.hpp"
#include "daemon/commands/verbs.hpp"

#include <array>

namespace obliv::daemon {
namespace {

struct Generator {
    std::string_view name;
    std::string (*make)();
};

constexpr std::array generators{
    Generator{"bash", bash_completion},
    Generator{"zsh", zsh_completion},
    Generator{"fish", fish_completion},
    Generator{"oblivd.8", manual_oblivd},
    Generator{"oblivd.toml.5", manual_oblivd_toml},
    Generator{"oblivd.toml", config::default_file},
    Generator{"configuration.md", config::reference_page},
    Generator{"errors.md", errors_page},
};

}  // namespace

Result<void> print_generated(const Invocation& invocation) {
    for (const auto& generator : generators)
        if (generator.name == invocation.arguments.front())
            return print_out(generator.make());
    return fail(Code::usage, "nothing of that name is generated");
}

}  // namespace obliv::daemon
