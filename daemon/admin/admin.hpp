#pragma once

#include "core/base/result.hpp"
#include "core/loop/run_blocking.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/admin/request.hpp"
#include "daemon/gate/gate.hpp"
#include "daemon/server/exchange.hpp"

#include <sys/types.h>

namespace obliv::admin {

/// The management API on one loop: proves who calls, reads the body, has the answer made on a
/// worker thread and sends it. Used on that loop only; what it is given outlives it.
class Admin {
public:
    /// `own_uid`: who, beside root, needs no credential on a Unix socket.
    Admin(Host& host, const gate::Gate& gate, loop::BlockingPool& workers, uid_t own_uid) noexcept
        : host_(host), gate_(gate), workers_(workers), own_uid_(own_uid) {}

    /// For exchanges whose path owns() (dispatch.hpp). Answers errors itself, in the shape of the
    /// management API; an Error is one of the connection.
    loop::Task<Result<void>> serve(server::Exchange& exchange);

private:
    loop::Task<Result<Reply>> answer(server::Exchange& exchange);
    Result<Caller> caller_of(const server::Exchange& exchange) const;

    Host& host_;
    const gate::Gate& gate_;
    loop::BlockingPool& workers_;
    uid_t own_uid_;
};

}  // namespace obliv::admin
