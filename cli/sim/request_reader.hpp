#pragma once

#include "core/base/result.hpp"
#include "core/http/chunked.hpp"
#include "core/http/head.hpp"
#include "core/loop/blocks.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace obliv::sim {

/// Makes requests out of what one client sends, in a buffer from its loop's pool.
class RequestReader {
public:
    static constexpr std::size_t body_bytes_max = 64U << 20;

    explicit RequestReader(loop::BlockPool& blocks) noexcept : blocks_(blocks) {}

    /// Where the next bytes go: never empty.
    std::span<char> room();
    void add(std::size_t count) noexcept { size_ += count; }
    /// Bytes not dealt with yet.
    std::size_t waiting() const noexcept { return size_ - at_; }

    enum class Next : std::uint8_t {
        need_more,
        need_continue,  ///< and the client waits for 100 Continue; said once per request
        whole,          ///< head() and body() are readable until done()
    };
    /// Looks for a whole request at the front. An error ends the connection.
    Result<Next> next();

    const http::RequestHead& head() const noexcept { return head_; }
    /// Followed by at least 64 readable bytes.
    std::string_view body() const noexcept { return body_; }
    /// The request at the front is served; forgets it.
    void done();
    /// Behind a handshake: all that has come, which is taken. Valid until room().
    std::string_view take() noexcept;

private:
    Result<Next> next_chunked(std::string_view bytes);
    Next incomplete() noexcept;

    loop::BlockPool& blocks_;
    loop::Block block_;
    std::size_t at_ = 0;    ///< start of the request at the front
    std::size_t size_ = 0;  ///< end of what was read
    std::size_t used_ = 0;  ///< bytes of the request at the front, once it is whole
    http::RequestHead head_;
    std::string_view body_;
    http::ChunkedDecoder decoder_;
    std::size_t decoded_ = 0;  ///< body bytes that went through the decoder
    std::string chunks_;       ///< their payload
    bool continued_ = false;
};

}  // namespace obliv::sim
