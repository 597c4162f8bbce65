#include "daemon/commands/settings.hpp"

#include <cstdio>

namespace obliv::daemon {

config::Flags setting_flags(const Invocation& invocation) {
    config::Flags out;
    out.config = invocation.value("--config");
    out.data_dir = invocation.value("--data-dir");
    out.socket = invocation.value("--socket");
    out.log_level = invocation.value("--log-level");
    out.log_format = invocation.value("--log-format");
    if (auto found = invocation.flags.find("--listen"); found != invocation.flags.end())
        out.listen = found->second;
    return out;
}

Result<config::Loaded> load_settings(const Invocation& invocation) {
    return config::load(setting_flags(invocation), invocation.environment);
}

int exit_code(const Error& error) {
    switch (error.code) {
    case Code::usage:
        return 2;
    case Code::config_invalid:
        return 78;
    case Code::conflict:
        return 75;
    default:
        return 1;
    }
}

void print_error(const Error& error) {
    auto prefix = error.code == Code::config_invalid ? "" : "oblivd: ";
    std::fprintf(stderr, "%s%s\n", prefix, error.message.c_str());
    if (!error.hint.empty())
        std::fprintf(stderr, "  hint: %s\n", error.hint.c_str());
}

Result<void> print_out(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return ok();
    return fail(Code::io, "cannot write to standard output");
}

}  // namespace obliv::daemon
