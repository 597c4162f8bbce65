#pragma once

#include <string>
#include <string_view>

namespace obliv::test {

/// A text with readable bytes behind it, as bodies have in the daemon. The bytes are hostile: a
/// parser that reads them as part of the text will show.
class Padded {
public:
    explicit Padded(std::string_view text) : size_(text.size()), buffer_(text) {
        buffer_.append(64, '"');
    }
    std::string_view view() const { return {buffer_.data(), size_}; }

private:
    std::size_t size_;
    std::string buffer_;
};

}  // namespace obliv::test
