#include "cli/sim/request_reader.hpp"

#include <cstring>

namespace obliv::sim {
namespace {

constexpr std::size_t room_min = 1024;

Error too_large() {
    return fail(Code::payload_too_large, "the body is larger than the simulator takes (64 MiB)");
}

}  // namespace

std::span<char> RequestReader::room() {
    if (!block_)
        block_ = blocks_.take(loop::BlockPool::smallest);
    if (at_ > 0 && block_.capacity() - size_ < room_min) {
        std::memmove(block_.data(), block_.data() + at_, size_ - at_);
        size_ -= at_;
        at_ = 0;
    }
    if (block_.capacity() - size_ < room_min) {
        auto larger = blocks_.take(block_.capacity() * 2);
        std::memcpy(larger.data(), block_.data(), size_);
        block_ = std::move(larger);
    }
    return {block_.data() + size_, block_.capacity() - size_};
}

Result<RequestReader::Next> RequestReader::next() {
    if (waiting() == 0)
        return Next::need_more;
    std::string_view bytes(block_.data() + at_, waiting());
    auto parsed = http::parse_request_head(bytes, http::HeadLimits(), head_);
    if (!parsed)
        return parsed.error();
    if (*parsed == http::Parse::need_more)
        return Next::need_more;
    if (head_.chunked)
        return next_chunked(bytes.substr(head_.size));
    auto length = head_.content_length.value_or(0);
    if (length > body_bytes_max)
        return too_large();
    if (bytes.size() - head_.size < length)
        return incomplete();
    body_ = bytes.substr(head_.size, static_cast<std::size_t>(length));
    used_ = head_.size + body_.size();
    return Next::whole;
}

Result<RequestReader::Next> RequestReader::next_chunked(std::string_view bytes) {
    while (decoded_ < bytes.size() && !decoder_.done()) {
        auto step = decoder_.next(bytes.substr(decoded_));
        if (!step)
            return step.error();
        decoded_ += step->consumed;
        chunks_ += step->payload;
        if (chunks_.size() > body_bytes_max)
            return too_large();
    }
    if (!decoder_.done())
        return incomplete();
    chunks_.reserve(chunks_.size() + loop::Block::padding);
    body_ = chunks_;
    used_ = head_.size + decoded_;
    return Next::whole;
}

RequestReader::Next RequestReader::incomplete() noexcept {
    if (!head_.expect_continue || continued_)
        return Next::need_more;
    continued_ = true;
    return Next::need_continue;
}

void RequestReader::done() {
    at_ += used_;
    used_ = 0;
    body_ = {};
    decoder_ = {};
    decoded_ = 0;
    chunks_.clear();
    continued_ = false;
    if (at_ == size_)
        at_ = size_ = 0;
}

std::string_view RequestReader::take() noexcept {
    std::string_view bytes(block_.data() + at_, waiting());
    at_ = size_ = 0;
    return bytes;
}

}  // namespace obliv::sim
