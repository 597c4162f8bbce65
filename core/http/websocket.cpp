#include "core/http/websocket.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"

#include <algorithm>

namespace obliv::http {
namespace {

constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t control_bytes_max = 125;
constexpr unsigned char fin_bit = 0x80;
constexpr unsigned char reserved_bits = 0x70;
constexpr unsigned char opcode_bits = 0x0F;
constexpr unsigned char mask_bit = 0x80;
constexpr unsigned char length_bits = 0x7F;
constexpr unsigned char length_of_two = 126;
constexpr unsigned char length_of_eight = 127;

Error violation(std::string_view what) {
    return fail(Code::invalid_request, "not a WebSocket frame: " + std::string(what));
}

bool is_known(unsigned char opcode) noexcept {
    return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

std::uint64_t big_endian(const unsigned char* bytes, std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8 | bytes[i];
    return value;
}

}  // namespace

bool is_websocket_key(std::string_view key) {
    auto bytes = from_base64(key);
    return bytes && bytes->size() == 16;
}

std::string websocket_accept(std::string_view key) {
    std::string text(key);
    text.append(accept_suffix);
    auto digest = sha1(text);
    return to_base64(as_chars(digest));
}

std::string unmasked(const FramePiece& piece) {
    std::string out(piece.payload);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<char>(out[i] ^ piece.mask[i & 3]);
    return out;
}

Result<std::optional<FramePiece>> FrameReader::next(std::string_view& bytes) {
    if (!in_frame_) {
        auto whole = take_head(bytes);
        if (!whole)
            return whole.error();
        if (!*whole)
            return std::optional<FramePiece>();
    }
    if (left_ > 0 && bytes.empty())
        return std::optional<FramePiece>();
    return std::optional<FramePiece>(take_payload(bytes));
}

/// How long the head is, as far as its first two bytes tell.
std::size_t FrameReader::head_length() const noexcept {
    if (head_size_ < 2)
        return 2;
    auto length = head_[1] & length_bits;
    std::size_t size = 2;
    if (length == length_of_two)
        size += 2;
    else if (length == length_of_eight)
        size += 8;
    return size + ((head_[1] & mask_bit) != 0 ? 4 : 0);
}

/// False: more of it has to come.
Result<bool> FrameReader::take_head(std::string_view& bytes) {
    while (head_size_ < head_length()) {
        if (bytes.empty())
            return false;
        head_[head_size_++] = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
    }
    if (auto good = judge_head(); !good)
        return good.error();
    head_size_ = 0;
    in_frame_ = true;
    return true;
}

Result<void> FrameReader::judge_head() {
    auto opcode = static_cast<unsigned char>(head_[0] & opcode_bits);
    fin_ = (head_[0] & fin_bit) != 0;
    frame_ = static_cast<Opcode>(opcode);
    if ((head_[0] & reserved_bits) != 0 || !is_known(opcode))
        return violation("an unknown kind, or an extension that was not agreed on");
    if (((head_[1] & mask_bit) != 0) != masked_)
        return violation(masked_ ? "a client has to mask" : "a server does not mask");
    if (!read_length())
        return violation("a length that is not written as it has to be");
    return opcode >= 8 ? judge_control() : judge_data();
}

/// The length and the mask. False: it could have been written shorter, or is too large for anybody.
bool FrameReader::read_length() noexcept {
    auto length = static_cast<unsigned char>(head_[1] & length_bits);
    std::size_t wide = 0;
    std::uint64_t least = 0;
    if (length == length_of_two) {
        wide = 2;
        least = control_bytes_max + 1;
    } else if (length == length_of_eight) {
        wide = 8;
        least = 0x1'0000;
    }
    left_ = wide == 0 ? length : big_endian(head_.data() + 2, wide);
    mask_ = {};
    if (masked_)
        std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(2 + wide), 4, mask_.begin());
    return left_ >= least && left_ >> 63 == 0;
}

Result<void> FrameReader::judge_control() const {
    if (fin_ && left_ <= control_bytes_max && (frame_ != Opcode::close || left_ != 1))
        return ok();
    return violation("a control frame that is long, in parts or half a close code");
}

Result<void> FrameReader::judge_data() {
    if ((frame_ == Opcode::continuation) != in_message_)
        return violation("a message within another, or one without a beginning");
    if (!in_message_) {
        message_ = frame_;
        message_bytes_ = 0;
    }
    in_message_ = !fin_;
    if (left_ > message_bytes_max_ - message_bytes_)
        return fail(Code::payload_too_large, "a message is over its limit of " +
                                                 std::to_string(message_bytes_max_) + " bytes");
    message_bytes_ += left_;
    return ok();
}

FramePiece FrameReader::take_payload(std::string_view& bytes) {
    FramePiece piece;
    piece.opcode = frame_ == Opcode::continuation ? message_ : frame_;
    piece.payload =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
    piece.mask = mask_;
    bytes.remove_prefix(piece.payload.size());
    left_ -= piece.payload.size();
    std::rotate(mask_.begin(),
                mask_.begin() + static_cast<std::ptrdiff_t>(piece.payload.size() & 3), mask_.end());
    if (left_ == 0) {
        in_frame_ = false;
        piece.frame_end = true;
        piece.message_end = fin_;
    }
    return piece;
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload,
                  std::optional<Mask> mask) {
    out += static_cast<char>(fin_bit | static_cast<unsigned char>(opcode));
    auto bit = static_cast<unsigned char>(mask ? mask_bit : 0);
    auto size = payload.size();
    std::size_t wide = size <= control_bytes_max ? 0 : (size <= 0xFFFF ? 2 : 8);
    unsigned char length = wide == 2 ? length_of_two : length_of_eight;
    if (wide == 0)
        length = static_cast<unsigned char>(size);
    out += static_cast<char>(bit | length);
    for (std::size_t i = wide; i-- > 0;)
        out += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i) & 0xFF);
    if (!mask) {
        out += payload;
        return;
    }
    out.append(mask->data(), mask->size());
    for (std::size_t i = 0; i < size; ++i)
        out += static_cast<char>(payload[i] ^ (*mask)[i & 3]);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
    std::string out;
    out += static_cast<char>(code >> 8);
    out += static_cast<char>(code & 0xFF);
    out += reason.substr(0, control_bytes_max - 2);
    return out;
}

}  // namespace obliv::http
