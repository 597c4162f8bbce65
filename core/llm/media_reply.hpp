#pragma once

#include "core/base/result.hpp"
#include "core/llm/image_variant.hpp"
#include "core/llm/reply_scan.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::llm {

/// Watches a reply of images, speech or a transcript pass by, for what it bills. Pictures are
/// megabytes of base64 in one event or one object, so that nothing is collected: a few hundred
/// bytes of state. Of a stream, what ends its last event is kept back until the call is settled,
/// and so is an error, whose words may hold a secret.
class MediaScan {
public:
    enum class Form : std::uint8_t { bytes, json, stream };
    /// `ends`: how many closing events the stream has, one for each image that was asked for.
    MediaScan(Form form, std::int64_t ends) noexcept : form_(form), ends_(ends) {}

    /// As StreamScan::feed; nothing is kept back of what is no stream.
    bool feed(std::span<const std::string_view> payload, std::vector<std::string_view>& out);

    /// What ends the stream, as it came.
    std::string_view closing() const noexcept { return closing_; }
    /// The JSON of the error event; cut at 16 KiB.
    std::string_view error() const noexcept { return error_; }
    /// `text_bytes` are all bytes that went out: whether there were any is all that can be told.
    const ReplyFacts& facts() const noexcept { return facts_; }
    std::int64_t images() const noexcept { return images_; }
    /// The size and quality of the images, where the reply tells them in OpenAI's words.
    const ImageMade& made() const noexcept { return made_; }
    /// How long a transcript says that its sound was, begun seconds counted whole.
    std::optional<std::int64_t> seconds() const noexcept { return seconds_; }

private:
    bool feed_one(std::string_view payload, std::vector<std::string_view>& out);
    void scan(std::string_view payload);
    std::size_t end_in(std::string_view text, std::size_t before) const noexcept;
    void take(std::size_t key, std::string_view text, std::size_t at, std::size_t place);
    void take_made(std::size_t key, std::string_view word);
    void fail_at(std::size_t place);
    void take_type(std::string_view type, std::size_t at);
    void take_usage(std::string_view text, std::size_t at);
    void extend_usage(std::string_view bytes);
    std::size_t shown_of(std::string_view payload);

    Form form_;
    std::int64_t ends_;
    std::int64_t images_ = 0;
    std::optional<std::int64_t> seconds_;
    ImageMade made_;
    ReplyFacts facts_;
    std::string tail_;                    ///< end of the last read: a key may be cut
    std::size_t scanned_ = 0;             ///< how much of it has been understood
    std::string usage_;                   ///< an object that has begun and not ended
    std::optional<std::size_t> ending_;   ///< in this read: from where on the stream's end is near
    std::optional<std::size_t> failing_;  ///< in this read: where an error begins
    std::string closing_;
    std::string error_;
};

}  // namespace obliv::llm
