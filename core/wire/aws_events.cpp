#include "core/wire/aws_events.hpp"

#include "core/base/digest.hpp"

#include <array>
#include <cstdint>

namespace obliv::wire {
namespace {

using std::string;
using std::string_view;

// All numbers are big-endian. Total length, header length and their checksum come first.
constexpr std::size_t prelude_bytes = 12;
constexpr std::size_t checksum_bytes = 4;
constexpr unsigned char string_value = 7;

Error broken(const char* what) {
    return fail(Code::upstream_failed, "the provider's event stream is broken: " + string(what));
}

std::uint32_t number_at(string_view bytes, std::size_t at, std::size_t size) noexcept {
    std::uint32_t out = 0;
    for (char c : bytes.substr(at, size))
        out = out << 8 | static_cast<unsigned char>(c);
    return out;
}

void append_number(string& out, std::size_t value, std::size_t size) {
    for (auto shift = size * 8; shift > 0; shift -= 8)
        out += static_cast<char>(value >> (shift - 8) & 0xFF);
}

/// Bytes that a header's value takes, by its type; texts and byte strings tell their length.
constexpr std::array<std::size_t, 10> value_bytes{0, 0, 1, 2, 4, 8, 0, 0, 8, 16};

/// One header, taken off the front of `bytes`. False: it does not fit.
bool take_header(string_view& bytes, string_view& name, string_view& value) {
    if (bytes.empty())
        return false;
    auto name_size = static_cast<unsigned char>(bytes[0]);
    if (bytes.size() < name_size + 2U)
        return false;
    name = bytes.substr(1, name_size);
    auto type = static_cast<unsigned char>(bytes[1U + name_size]);
    bytes.remove_prefix(2U + name_size);
    if (type >= value_bytes.size())
        return false;
    auto size = value_bytes[type];
    if (type == 6 || type == string_value) {
        if (bytes.size() < 2)
            return false;
        size = number_at(bytes, 0, 2);
        bytes.remove_prefix(2);
    }
    if (bytes.size() < size)
        return false;
    value = type == string_value ? bytes.substr(0, size) : string_view{};
    bytes.remove_prefix(size);
    return true;
}

Result<AwsMessage> read_message(string_view headers, string_view payload) {
    AwsMessage message;
    message.payload = payload;
    while (!headers.empty()) {
        string_view name;
        string_view value;
        if (!take_header(headers, name, value))
            return broken("a header does not fit");
        if (name == ":message-type")
            message.type = value;
        else if (name == ":event-type" || name == ":exception-type" || name == ":error-code")
            message.name = value;
        else if (name == ":error-message")
            message.text = value;
    }
    return message;
}

void append_header(string& out, string_view name, string_view value) {
    append_number(out, name.size(), 1);
    out += name;
    append_number(out, string_value, 1);
    append_number(out, value.size(), 2);
    out += value;
}

void append_message(string& out, string_view type, string_view name, string_view json) {
    string headers;
    append_header(headers, type == "event" ? ":event-type" : ":exception-type", name);
    append_header(headers, ":content-type", "application/json");
    append_header(headers, ":message-type", type);
    string message;
    append_number(message, prelude_bytes + headers.size() + json.size() + checksum_bytes, 4);
    append_number(message, headers.size(), 4);
    append_number(message, crc32(message), 4);
    message.append(headers).append(json);
    append_number(message, crc32(message), 4);
    out += message;
}

}  // namespace

Result<void> AwsEventDecoder::feed(string_view bytes, const Sink& sink) {
    // Whole messages are read where they lie; only the start of one is kept.
    if (!rest_.empty()) {
        rest_ += bytes;
        bytes = rest_;
    }
    std::size_t at = 0;
    while (true) {
        auto used = take_one(bytes.substr(at), sink);
        if (!used)
            return used.error();
        if (*used == 0)
            break;
        at += *used;
    }
    rest_ = string(bytes.substr(at));
    return ok();
}

/// The size of the message at the front, which went to the sink; 0: it is not whole.
Result<std::size_t> AwsEventDecoder::take_one(string_view bytes, const Sink& sink) const {
    if (bytes.size() < prelude_bytes)
        return std::size_t{0};
    if (crc32(bytes.substr(0, 8)) != number_at(bytes, 8, 4))
        return broken("the checksum of a message's length is wrong");
    std::size_t total = number_at(bytes, 0, 4);
    std::size_t headers = number_at(bytes, 4, 4);
    if (total > message_bytes_max_)
        return fail(Code::upstream_failed, "an event of the stream is over " +
                                               std::to_string(message_bytes_max_) + " bytes");
    if (total < prelude_bytes + checksum_bytes || headers > total - prelude_bytes - checksum_bytes)
        return broken("a message's headers do not fit into it");
    if (bytes.size() < total)
        return std::size_t{0};
    auto end = total - checksum_bytes;
    if (crc32(bytes.substr(0, end)) != number_at(bytes, end, 4))
        return broken("the checksum of a message is wrong");
    auto body = prelude_bytes + headers;
    auto message =
        read_message(bytes.substr(prelude_bytes, headers), bytes.substr(body, end - body));
    if (!message)
        return message.error();
    sink(*message);
    return total;
}

Result<void> AwsEventDecoder::finish() const {
    if (!rest_.empty())
        return broken("it ended inside a message");
    return ok();
}

void append_aws_event(string& out, string_view name, string_view json) {
    append_message(out, "event", name, json);
}

void append_aws_exception(string& out, string_view name, string_view json) {
    append_message(out, "exception", name, json);
}

}  // namespace obliv::wire
