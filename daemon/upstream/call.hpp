#pragma once

#include "core/base/result.hpp"
#include "core/http/head.hpp"
#include "core/loop/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace obliv::upstream {

class Connection;

/// What one read brought. Views into memory of the call, valid until the next next().
struct Chunk {
    std::string_view raw;                       ///< bytes as on the wire, chunk framing included
    std::span<const std::string_view> payload;  ///< the same without framing
    bool whole_chunks = false;  ///< raw is one or more complete chunks and not the last, empty one:
                                ///< it may be passed on as it is
    bool last = false;          ///< the reply ends here, whole
};

/// One request and its reply on a pooled connection. Belongs to the loop of its pool. Destroying it
/// before the end closes the connection; after the end the connection has gone back to the pool.
class Call {
public:
    Call() noexcept;
    Call(Call&&) noexcept;
    Call& operator=(Call&&) noexcept;
    ~Call();

    explicit operator bool() const noexcept { return connection_ != nullptr; }

    int status() const noexcept { return status_; }
    /// Valid until the first next() or read_all(): copy what is needed for longer.
    const http::ResponseHead& head() const noexcept;

    /// Waits for the next bytes of the body, which are chunk() then. After `last` it must not be
    /// called again. Early close is `Code::upstream_failed`, silence `Code::upstream_timeout`.
    /// While it waits it owns no buffer.
    loop::Task<Result<void>> next();
    /// The same if they have come already, as short replies do with their heads; nothing: it has to
    /// be waited for.
    std::optional<Result<void>> try_next();
    /// What the last next() brought.
    const Chunk& chunk() const noexcept;
    /// The whole rest of the body in one piece, at most `bytes_max` (else
    /// `Code::upstream_failed`). Valid as long as the call.
    loop::Task<Result<std::string_view>> read_all(std::size_t bytes_max);

    /// After a 101: sends more, beside a next() that waits.
    loop::Task<Result<void>> send(std::string_view bytes);

    /// After a 101: sends `bytes` if the socket takes all of them at once. False: it did not, and
    /// what follows would not be understood.
    bool try_send(std::string_view bytes) noexcept;
    /// After a 101: nothing more is to be read, and the next next() says so. The connection is not
    /// used again.
    void end_here() noexcept;

    /// Makes a pending or later next() return `Code::cancelled` at once.
    void cancel() noexcept;

private:
    friend class Pool;
    explicit Call(std::unique_ptr<Connection> connection) noexcept;

    std::unique_ptr<Connection> connection_;
    int status_ = 0;
};

}  // namespace obliv::upstream
