#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace obliv::wire {

/// One message of an AWS event stream. Views into the decoder: good inside the sink only.
struct AwsMessage {
    std::string_view type;  ///< `event`, `exception` or `error`
    std::string_view name;  ///< of the event or the exception; of an error its code
    std::string_view text;  ///< of an error
    std::string_view payload;
};

/// Takes `application/vnd.amazon.eventstream` apart, from pieces cut anywhere: 12 bytes of prelude
/// with a checksum, headers, payload, a checksum of all. One decoder for each stream.
class AwsEventDecoder {
public:
    using Sink = std::function<void(const AwsMessage&)>;

    explicit AwsEventDecoder(std::size_t message_bytes_max)
        : message_bytes_max_(message_bytes_max) {}

    /// A wrong checksum, a broken header or a message over the limit is `upstream_failed`, and the
    /// decoder is of no further use.
    Result<void> feed(std::string_view bytes, const Sink& sink);

    /// The stream has ended: bytes of an unfinished message are `upstream_failed`.
    Result<void> finish() const;

private:
    Result<std::size_t> take_one(std::string_view bytes, const Sink& sink) const;

    std::size_t message_bytes_max_;
    std::string rest_;  ///< the start of a message
};

/// Appends an event message with a JSON payload, as a simulated provider sends it.
void append_aws_event(std::string& out, std::string_view name, std::string_view json);

/// Likewise an exception.
void append_aws_exception(std::string& out, std::string_view name, std::string_view json);

}  // namespace obliv::wire
