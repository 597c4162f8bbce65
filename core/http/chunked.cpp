#include "core/http/chunked.hpp"

#include <algorithm>
#include <charconv>

namespace obliv::http {
namespace {

// Real size lines have under ten bytes; the rest is room for extensions, which nobody uses.
constexpr std::uint32_t size_line_max = 256;
constexpr std::uint32_t trailers_max = 8 * 1024;
// Fifteen hexadecimal digits cannot overflow, and no body comes near them.
constexpr std::uint8_t digits_max = 15;

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool text_byte(char c) noexcept {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

Error broken(const char* what) {
    return fail(Code::invalid_request, std::string("chunked body: ") + what);
}

}  // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::next(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && state_ != State::done) {
        if (state_ == State::data) {
            auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
            left_ -= size;
            if (left_ == 0)
                state_ = State::data_cr;
            return Step{at + size, bytes.substr(at, size)};
        }
        if (auto taken = take(bytes[at]); !taken)
            return taken.error();
        ++at;
    }
    return Step{at, {}};
}

Result<void> ChunkedDecoder::take(char c) {
    switch (state_) {
    case State::size:
    case State::extension:
        return take_size(c);
    case State::size_lf:
        if (c != '\n')
            return broken("a chunk size line does not end in CRLF");
        end_size_line();
        return ok();
    case State::data_cr:
        if (c != '\r')
            return broken("a chunk is longer than its size");
        state_ = State::data_lf;
        return ok();
    case State::data_lf:
        if (c != '\n')
            return broken("a chunk does not end in CRLF");
        state_ = State::size;
        return ok();
    default:
        return take_trailer(c);
    }
}

Result<void> ChunkedDecoder::take_size(char c) {
    if (++line_bytes_ > size_line_max)
        return broken("a chunk size line is too long");
    if (c == '\r') {
        if (digits_ == 0)
            return broken("a chunk size is missing");
        state_ = State::size_lf;
        return ok();
    }
    if (state_ == State::extension)
        return text_byte(c) ? ok() : broken("a chunk extension holds a control byte");
    if (c == ';' && digits_ > 0) {
        state_ = State::extension;
        return ok();
    }
    int digit = hex_digit(c);
    if (digit < 0)
        return broken("a chunk size is not hexadecimal");
    if (++digits_ > digits_max)
        return broken("a chunk size is too large");
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return ok();
}

void ChunkedDecoder::end_size_line() noexcept {
    line_bytes_ = 0;
    digits_ = 0;
    state_ = left_ == 0 ? State::trailer_start : State::data;
}

Result<void> ChunkedDecoder::take_trailer(char c) {
    if (++line_bytes_ > trailers_max)
        return broken("the trailers are too long");
    switch (state_) {
    case State::trailer_start:
        if (c != '\r' && !text_byte(c))
            return broken("a trailer holds a control byte");
        state_ = c == '\r' ? State::last_lf : State::trailer;
        return ok();
    case State::trailer:
        if (c == '\r')
            state_ = State::trailer_lf;
        else if (!text_byte(c))
            return broken("a trailer holds a control byte");
        return ok();
    default:
        if (c != '\n')
            return broken("a trailer does not end in CRLF");
        state_ = state_ == State::last_lf ? State::done : State::trailer_start;
        return ok();
    }
}

std::string_view chunk_size_line(std::size_t size, std::array<char, 20>& storage) noexcept {
    auto* end = std::to_chars(storage.data(), storage.data() + 16, size, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    return {storage.data(), static_cast<std::size_t>(end - storage.data())};
}

}  // namespace obliv::http
