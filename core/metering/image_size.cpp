#include "core/metering/image_size.hpp"

namespace obliv::metering {
namespace {

/// Reads numbers at places that may lie behind the end, which then are zero.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) noexcept : bytes_(bytes) {}

    std::size_t size() const noexcept { return bytes_.size(); }
    std::int64_t at(std::size_t place) const noexcept {
        return place < bytes_.size() ? static_cast<unsigned char>(bytes_[place]) : 0;
    }
    std::int64_t big(std::size_t place, int bytes) const noexcept {
        std::int64_t value = 0;
        for (int i = 0; i < bytes; ++i)
            value = value << 8 | at(place + static_cast<std::size_t>(i));
        return value;
    }
    std::int64_t little(std::size_t place, int bytes) const noexcept {
        std::int64_t value = 0;
        for (int i = bytes - 1; i >= 0; --i)
            value = value << 8 | at(place + static_cast<std::size_t>(i));
        return value;
    }
    bool says(std::size_t place, std::string_view text) const noexcept {
        return place <= bytes_.size() && bytes_.substr(place, text.size()) == text;
    }

private:
    std::string_view bytes_;
};

/// SOF0 to SOF15 tell the size; three numbers among them mean something else.
bool starts_frame(std::int64_t marker) noexcept {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

ImageSize jpeg(const Bytes& bytes) noexcept {
    std::size_t at = 2;
    while (at + 9 < bytes.size() && bytes.at(at) == 0xFF) {
        auto marker = bytes.at(at + 1);
        if (starts_frame(marker))
            return {bytes.big(at + 7, 2), bytes.big(at + 5, 2)};
        if (marker == 0xFF)
            ++at;  // a byte that fills
        else
            at += 2 + static_cast<std::size_t>(bytes.big(at + 2, 2));
    }
    return {};
}

ImageSize webp(const Bytes& bytes) noexcept {
    constexpr std::int64_t low_14_bits = 0x3FFF;
    if (bytes.says(12, "VP8X"))
        return {bytes.little(24, 3) + 1, bytes.little(27, 3) + 1};
    if (bytes.says(12, "VP8L")) {
        auto bits = bytes.little(21, 4);
        return {(bits & low_14_bits) + 1, (bits >> 14 & low_14_bits) + 1};
    }
    if (bytes.says(12, "VP8 "))
        return {bytes.little(26, 2) & low_14_bits, bytes.little(28, 2) & low_14_bits};
    return {};
}

ImageSize size_of(const Bytes& bytes) noexcept {
    if (bytes.says(0, "\x89PNG\r\n\x1A\n"))
        return {bytes.big(16, 4), bytes.big(20, 4)};
    if (bytes.says(0, "GIF8"))
        return {bytes.little(6, 2), bytes.little(8, 2)};
    if (bytes.says(0, "\xFF\xD8"))
        return jpeg(bytes);
    if (bytes.says(0, "RIFF") && bytes.says(8, "WEBP"))
        return webp(bytes);
    return {};
}

}  // namespace

std::optional<ImageSize> image_size(std::string_view bytes) noexcept {
    auto size = size_of(Bytes(bytes));
    if (size.width <= 0 || size.height <= 0)
        return std::nullopt;
    return size;
}

std::optional<std::int64_t> wav_milliseconds(std::string_view bytes,
                                             std::int64_t bytes_all) noexcept {
    constexpr std::size_t head_bytes = 44;
    Bytes head(bytes);
    if (!head.says(0, "RIFF") || !head.says(8, "WAVEfmt "))
        return std::nullopt;
    auto bytes_a_second = head.little(28, 4);
    if (bytes_a_second == 0 || bytes_all < static_cast<std::int64_t>(head_bytes))
        return std::nullopt;
    return (bytes_all - static_cast<std::int64_t>(head_bytes)) * 1000 / bytes_a_second;
}

}  // namespace obliv::metering
