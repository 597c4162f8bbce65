#include "core/base/log.hpp"
#include "core/base/version.hpp"
#include "daemon/app.hpp"
#include "daemon/commands/settings.hpp"
#include "daemon/commands/verbs.hpp"
#include "daemon/ops/log_format.hpp"
#include "daemon/ops/supervisor.hpp"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace obliv::daemon {
namespace {

/// Every open stream takes two descriptors; the soft limit is for programs that use select().
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

void start_log(const config::Config& config, const config::Environment& environment) {
    log::Options options;
    options.level = config.log.level;
    options.format = ops::log_format(config.log.format, environment, options.descriptor);
    log::start(options);
}

void announce(const config::Loaded& loaded) {
    log::write(log::Level::notice, "starting",
               {{"version", version},
                {"pid", std::int64_t{::getpid()}},
                {"data_dir", loaded.config.server.data_dir}});
    for (const auto& file : loaded.files)
        log::write(log::Level::info, "configuration read", {{"file", file}});
    if (::geteuid() == 0)
        log::write(log::Level::warning,
                   "running as root: a user of its own, as the packaged unit has, is safer");
}

Result<void> serve(const Invocation& invocation, const config::Loaded& loaded,
                   ops::ProcessEvents& events) {
    App::Options options;
    auto sockets = ops::passed_sockets();
    if (!sockets)
        return sockets.error();
    if (!sockets->api.empty() && loaded.origins.contains("server.listen"))
        log::write(log::Level::warning,
                   "server.listen does not count: the service manager passed sockets",
                   {{"set_in", loaded.origins.at("server.listen").place.text()}});
    options.sockets = std::move(*sockets);
    options.request_reload = [&events] { return events.request_reload(); };
    options.request_stop = [&events] { events.request_stop(); };
    auto app = App::create(loaded.config, std::move(options));
    if (!app)
        return app.error();

    ops::SystemdNotifier notifier;
    auto load = [&invocation]() -> Result<config::Config> {
        auto again = load_settings(invocation);
        if (!again)
            return again.error();
        return std::move(again->config);
    };
    ops::Supervisor::Parts parts{**app, notifier, events, real_clock(), load};
    return ops::Supervisor(std::move(parts), loaded.config).run();
}

}  // namespace

Result<void> run_daemon(const Invocation& invocation) {
    auto loaded = load_settings(invocation);
    if (!loaded)
        return loaded.error();
    // Blocks signals, so it comes before any thread: those to come inherit the mask.
    ops::ProcessEvents events;
    std::signal(SIGPIPE, SIG_IGN);
    // A limit of file sizes is a full disk, and no reason to die.
    std::signal(SIGXFSZ, SIG_IGN);
    ::umask(0077);
    raise_descriptor_limit();
    start_log(loaded->config, invocation.environment);
    announce(*loaded);
    auto done = serve(invocation, *loaded, events);
    if (!done)
        log::write(log::Level::err, done.error().message);
    log::stop();
    return done;
}

}  // namespace obliv::daemon
