#pragma once

#include "core/base/result.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace obliv::http {

/// Undoes chunked framing (RFC 9112 §7.1) in place: payloads are views into what is fed, which may
/// be cut anywhere. Size lines and trailers are bounded; trailers are dropped.
class ChunkedDecoder {
public:
    struct Step {
        std::size_t consumed = 0;    ///< bytes of the input that are dealt with
        std::string_view payload{};  ///< part of them, perhaps empty
    };

    /// Takes framing up to the next payload, and that payload as far as it has arrived. Call again
    /// with the rest until nothing is left or done(). Broken framing is `Code::invalid_request`.
    Result<Step> next(std::string_view bytes);

    /// The last chunk and its trailers have been read; what follows belongs to the next message.
    bool done() const noexcept { return state_ == State::done; }
    /// Everything so far was whole chunks.
    bool at_boundary() const noexcept {
        return (state_ == State::size && line_bytes_ == 0) || state_ == State::done;
    }

private:
    enum class State : std::uint8_t {
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer,
        trailer_lf,
        last_lf,
        done
    };

    Result<void> take(char c);
    Result<void> take_size(char c);
    Result<void> take_trailer(char c);
    void end_size_line() noexcept;

    std::uint64_t left_ = 0;        ///< payload bytes of this chunk still to come
    std::uint32_t line_bytes_ = 0;  ///< of the size line, or of all trailers
    std::uint8_t digits_ = 0;
    State state_ = State::size;
};

/// The size line in front of a chunk of `size` bytes (not zero), in `storage`.
std::string_view chunk_size_line(std::size_t size, std::array<char, 20>& storage) noexcept;

inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace obliv::http
