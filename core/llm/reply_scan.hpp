#pragma once

#include "core/base/result.hpp"
#include "core/llm/estimate.hpp"
#include "core/llm/reply_listener.hpp"
#include "core/llm/usage.hpp"

#include <algorithm>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::llm {

/// What the relay learns of a reply in the OpenAI form while its bytes pass by.
struct ReplyFacts {
    std::optional<Usage> usage;   ///< the last report that was seen
    std::string finish_reason;    ///< the last one that was not null; cut at 32 bytes
    std::int64_t text_bytes = 0;  ///< of content, refusals and tool arguments, escapes included
    std::int64_t reasoning_bytes = 0;  ///< of reasoning texts
    // What a stream brought after its last report of usage, which cannot contain it.
    std::int64_t text_bytes_after_usage = 0;
    std::int64_t reasoning_bytes_after_usage = 0;
    bool done = false;   ///< the stream's `[DONE]` was seen
    bool error = false;  ///< an error object came where a reply should be
    bool over = false;   ///< more was produced than may be: what follows waits for go_on()

    bool produced() const noexcept { return text_bytes + reasoning_bytes > 0; }
    /// In the bytes that tokens are estimated at. Who tells its figures all along is believed.
    std::int64_t produced_bytes() const noexcept {
        auto told = usage ? usage->output_all() * bytes_per_token : 0;
        return std::max(text_bytes + reasoning_bytes, told);
    }
};

/// Measures the strings that a model has produced, in JSON that is cut anywhere.
class TextMeter {
public:
    /// Null, which it is at first: nobody.
    void set_listener(ReplyListener* listener) noexcept { listener_ = listener; }
    void feed(std::string_view json, ReplyFacts& facts);

private:
    std::size_t rest_of_string(std::string_view json);
    std::size_t measure(std::string_view json, std::size_t at, std::size_t key, ReplyFacts& facts);
    void tell(std::size_t key, std::string_view stretch);

    ReplyListener* listener_ = nullptr;
    std::size_t open_ = 0;  ///< the key of the string that the last piece ended in; 0: in none
    bool escaped_ = false;  ///< that piece ended with a backslash
};

/// Scans a whole (not streamed) reply, read by read, with a few hundred bytes of state.
class PlainScan {
public:
    /// `listener`, if given, hears the texts of a reply without figures.
    explicit PlainScan(ReplyListener* listener = nullptr) noexcept {
        meter_.set_listener(listener);
    }
    /// `last`: nothing follows, so that nothing has to be kept.
    void feed(std::string_view bytes, bool last = false);
    const ReplyFacts& facts() const noexcept { return facts_; }

private:
    void look_for_keys(std::string_view text);
    bool look_at_usage(std::string_view text, std::size_t at);
    /// Goes on with the usage object that has begun, to its end or to its limit.
    void extend_usage(std::string_view bytes);
    /// A key may lie across two reads: looks at the end of the last and the start of this one.
    void look_at_seam(std::string_view bytes);

    /// What is kept between two reads.
    struct Cut {
        std::string tail;   ///< end of the last one: a key may be cut
        std::string usage;  ///< a usage object that has begun and not ended
    };
    Cut& cut();

    ReplyFacts facts_;
    TextMeter meter_;
    std::unique_ptr<Cut> cut_;  ///< null: the reply came in one piece so far
    bool begun_ = false;
};

/// Scans a stream and decides which of its bytes go to the client: all whole events but the extra
/// usage event when the client did not ask for one, an error, whose words may hold a secret, and
/// the closing `[DONE]`, which waits until the call is settled. The start of an event that has not
/// ended is kept back too: nobody could use it, and it may turn out to be one of those two.
class StreamScan {
public:
    static constexpr std::uint32_t endless = ~std::uint32_t{0};
    struct Options {
        bool withhold_usage = false;
        std::uint32_t event_bytes_max = 8U << 20;
        std::uint32_t produced_bytes_max = endless;  ///< of texts and thoughts together
        ReplyListener* listener = nullptr;           ///< null: nobody
    };
    explicit StreamScan(Options options) : options_(options) {}

    /// Takes the payload of one read and appends to `out` the stretches to forward. They point into
    /// `payload` or into this object and live until the next call. True: the payload goes out
    /// exactly as it came in. An event over the limit is `upstream_failed`.
    Result<bool> feed(std::span<const std::string_view> payload,
                      std::vector<std::string_view>& out);

    /// After facts().over: takes what had to wait, with a higher limit.
    Result<bool> go_on(std::uint32_t produced_bytes_max, std::vector<std::string_view>& out);

    /// `[DONE]` and what followed it, as it came.
    std::string_view closing() const noexcept { return view_of(&Ending::closing); }
    /// The start of an event whose end never came.
    std::string_view unfinished() const noexcept { return rest_; }
    const ReplyFacts& facts() const noexcept { return facts_; }
    /// The JSON of the last error event, which was withheld; cut at 16 KiB.
    std::string_view error() const noexcept { return view_of(&Ending::error); }

private:
    struct Ending {
        std::string closing;
        std::string error;
    };
    std::string_view view_of(std::string Ending::*text) const noexcept {
        return ending_ ? std::string_view((*ending_).*text) : std::string_view();
    }
    Ending& ending();
    Result<bool> feed_one(std::string_view payload, std::vector<std::string_view>& out);
    Result<bool> sort(std::string_view text, std::size_t known, std::vector<std::string_view>& out);
    void close(std::string_view bytes);
    bool over() const noexcept {
        auto bytes = facts_.text_bytes + facts_.reasoning_bytes;
        if (facts_.usage && facts_.finish_reason.empty())
            bytes = facts_.produced_bytes();
        return bytes > options_.produced_bytes_max;
    }
    std::size_t forward(std::string_view events, std::vector<std::string_view>& out,
                        bool& as_it_came);
    /// Whether the event goes to the client.
    bool examine(std::string_view event);
    struct Event;
    Event read(std::string_view event) const;
    bool take_usage(std::string_view event, std::size_t at);
    void add(const ReplyFacts& said, bool usage_reported);

    Options options_;
    ReplyFacts facts_;
    std::forward_list<std::string>
        joined_;                      ///< events put together, for the views of the last feed
    std::string rest_;                ///< the start of an event
    std::unique_ptr<Ending> ending_;  ///< null while the stream goes on
};

}  // namespace obliv::llm
