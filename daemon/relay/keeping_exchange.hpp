#pragma once

#include "core/http/chunked.hpp"
#include "core/http/head.hpp"
#include "daemon/cache/answer_cache.hpp"
#include "daemon/server/passing_exchange.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace obliv::relay {

/// An exchange whose reply is kept on its way to the caller, and whose request was read before.
class KeepingExchange final : public server::PassingExchange {
public:
    /// `body` is what the relay reads, and outlives the reading. `bytes_max` zero: nothing is kept.
    KeepingExchange(server::Exchange& base, std::string_view body, std::size_t bytes_max)
        : PassingExchange(base), body_(body), bytes_max_(bytes_max), keeps_(bytes_max > 0) {}

    /// `whole` runs when the reply is whole, before its last bytes leave: who has seen the end of
    /// an answer is given it again.
    void on_whole(std::function<void()> whole) { on_whole_ = std::move(whole); }

    loop::Task<Result<std::string_view>> read_body() override;
    void start(int status, std::string_view content_type, std::span<const http::Header> headers,
               std::optional<std::uint64_t> length) override;
    loop::Task<Result<void>> write(server::Pieces payload) override;
    loop::Task<Result<void>> write_framed(std::string_view chunks) override;
    loop::Task<Result<void>> finish(server::Pieces payload) override;
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override;

    /// Body and content type of the reply, once; nothing if it was none to keep.
    std::optional<cache::Answer> take();

private:
    std::span<const http::Header> with_mark(std::span<const http::Header> headers);
    void begin(int status, std::string_view content_type, std::span<const http::Header> headers);
    void keep(std::string_view bytes);
    void drop() noexcept;
    void end();

    std::string_view body_;
    std::size_t bytes_max_;
    bool keeps_;
    bool whole_ = false;
    cache::Answer answer_;
    std::function<void()> on_whole_;
    http::ChunkedDecoder framing_;
    std::vector<http::Header> headers_;  ///< of the reply, while its head is written
};

}  // namespace obliv::relay
