#include "daemon/ops/log_format.hpp"

#include <string>
#include <sys/stat.h>

namespace obliv::ops {
namespace {

bool is_journal(const config::Environment& environment, int descriptor) {
    auto stream = environment.get("JOURNAL_STREAM");
    struct stat status {};
    if (stream.empty() || ::fstat(descriptor, &status) != 0)
        return false;
    return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

}  // namespace

log::Format log_format(config::LogFormat wanted, const config::Environment& environment,
                       int descriptor) {
    switch (wanted) {
    case config::LogFormat::text:
        return log::Format::text;
    case config::LogFormat::json:
        return log::Format::json;
    case config::LogFormat::journal:
        return log::Format::journal;
    case config::LogFormat::automatic:
        break;
    }
    return is_journal(environment, descriptor) ? log::Format::journal : log::Format::text;
}

}  // namespace obliv::ops
