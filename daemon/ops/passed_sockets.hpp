#pragma once

#include "core/base/result.hpp"

#include <vector>

namespace obliv::ops {

/// Listening sockets that were open before the program started: systemd's, by the
/// `FileDescriptorName=` of the socket unit. Each belongs to whoever takes it.
struct PassedSockets {
    std::vector<int> api;      ///< TCP: relay and management
    std::vector<int> admin;    ///< the Unix socket
    std::vector<int> metrics;  ///< TCP: /metrics only
};

/// What systemd passed ($LISTEN_FDS, $LISTEN_FDNAMES), if anything. To be called once, before any
/// thread starts: it marks the descriptors close-on-exec and unsets the variables. A name that we
/// do not know, or a descriptor that is no listening stream socket, is `config_invalid`.
Result<PassedSockets> passed_sockets();

}  // namespace obliv::ops
