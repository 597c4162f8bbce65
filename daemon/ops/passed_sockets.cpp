#include "daemon/ops/passed_sockets.hpp"

#include "core/base/text.hpp"

#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

namespace obliv::ops {
namespace {

/// The names are a malloc'ed array of malloc'ed texts.
struct Names {
    char** list = nullptr;
    ~Names() {
        if (list == nullptr)
            return;
        for (char** at = list; *at != nullptr; ++at)
            std::free(*at);
        std::free(list);
    }
};

/// A unit that gives its sockets no name gets them by kind: one on a path is for administration.
std::string kind_of(int descriptor) {
    return sd_is_socket(descriptor, AF_UNIX, SOCK_STREAM, 1) > 0 ? "admin" : "api";
}

}  // namespace

Result<PassedSockets> passed_sockets() {
    PassedSockets out;
    Names names;
    int count = sd_listen_fds_with_names(1, &names.list);
    if (count < 0)
        return fail(Code::config_invalid,
                    std::string("the sockets passed by systemd cannot be used: ") +
                        std::strerror(-count));
    for (int i = 0; i < count; ++i) {
        int descriptor = SD_LISTEN_FDS_START + i;
        std::string name = names.list == nullptr ? "unknown" : names.list[i];
        if (sd_is_socket(descriptor, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
            return fail(Code::config_invalid,
                        "passed descriptor '" + visible(name) + "' is no listening stream socket");
        // What systemd says when there is no FileDescriptorName=: the name of the unit.
        if (name == "unknown" || name.ends_with(".socket"))
            name = kind_of(descriptor);
        if (name == "api")
            out.api.push_back(descriptor);
        else if (name == "admin")
            out.admin.push_back(descriptor);
        else if (name == "metrics")
            out.metrics.push_back(descriptor);
        else
            return fail(Code::config_invalid, "passed socket '" + visible(name) +
                                                  "' has none of the names api, admin, metrics");
    }
    return out;
}

}  // namespace obliv::ops
