#include "daemon/commands/program.hpp"

#include "daemon/commands/help.hpp"
#include "daemon/commands/parse.hpp"
#include "daemon/commands/settings.hpp"

namespace obliv::daemon {
namespace {

Result<void> show_help(const Invocation& invocation) {
    if (invocation.command == nullptr)
        return print_out(program_help());
    return print_out(invocation.has("--help") ? full_help(*invocation.command)
                                              : brief_help(*invocation.command));
}

Result<void> dispatch(std::span<const std::string_view> words) {
    auto invocation = parse(words);
    if (!invocation)
        return invocation.error();
    if (invocation->command == nullptr || invocation->has("-h") || invocation->has("--help"))
        return show_help(*invocation);
    invocation->environment = config::Environment::of_process();
    return invocation->command->run(*invocation);
}

}  // namespace

int run_program(std::span<const std::string_view> words) {
    auto done = dispatch(words);
    if (done)
        return 0;
    print_error(done.error());
    return exit_code(done.error());
}

}  // namespace obliv::daemon
