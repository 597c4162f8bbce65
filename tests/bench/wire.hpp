#pragma once

#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::bench {

/// Nanoseconds of CLOCK_MONOTONIC: the clock that the simulator stamps its chunks with.
std::int64_t now_ns() noexcept;

/// Ends the program with a message: a benchmark that went wrong has no result.
[[noreturn]] void give_up(const std::string& what);

/// What is measured and how it is asked.
struct Target {
    sockaddr_in address{};
    std::string request;  ///< every call sends these bytes
};

/// `http://127.0.0.1:PORT/path`, a JSON body, and further header lines.
Target make_target(const std::string& url, const std::string& body,
                   const std::vector<std::string>& headers);

/// A connecting, non-blocking socket.
int open_connection(const Target& target);

/// Finds the end of a plain reply: head, then Content-Length bytes. All that a proxy may do to a
/// reply of the simulator; anything else is an error.
class ReplyEnd {
public:
    /// Takes what was read. True when the reply is whole.
    bool feed(std::string_view bytes);
    int status() const noexcept { return status_; }
    void reset();

private:
    std::string head_;
    std::int64_t left_ = -1;  ///< body bytes to come; -1 while the head is not whole
    int status_ = 0;
};

/// Counts the chunks of an event stream, and how long each took from its stamp to us.
class StreamEnd {
public:
    /// `at` is the time of the read. The delays of chunks that end in it go to `delays`.
    template <typename Delays>
    void feed(std::string_view bytes, std::int64_t at, Delays& delays) {
        tail_ += bytes;
        read_status();
        std::size_t from = 0;
        for (auto end = tail_.find("\n\n"); end != std::string::npos;
             end = tail_.find("\n\n", from)) {
            take(std::string_view(tail_).substr(from, end - from), at, delays);
            from = end + 2;
        }
        tail_.erase(0, from);
    }
    std::int64_t chunks() const noexcept { return chunks_; }
    bool ended() const noexcept { return ended_; }
    bool failed() const noexcept { return failed_; }

private:
    template <typename Delays>
    void take(std::string_view event, std::int64_t at, Delays& delays) {
        if (auto stamp = read_event(event); stamp > 0)
            delays.push_back(at - stamp);
    }
    void read_status();
    /// The stamp of an event with content, 0 for any other.
    std::int64_t read_event(std::string_view event);

    std::string tail_;
    std::int64_t chunks_ = 0;
    bool opened_ = false;
    bool ended_ = false;
    bool failed_ = false;
};

/// The value below which a share `q` of `values` lies; 0 when there are none. Reorders them.
std::int64_t quantile(std::vector<std::int64_t>& values, double q);

}  // namespace obliv::bench
