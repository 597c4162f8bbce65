#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_reply.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// Whether a JSON text that comes in pieces is complete: its outermost value has been closed.
class JsonEnd {
public:
    void feed(std::string_view piece) noexcept;
    bool reached() const noexcept { return begun_ && depth_ == 0; }

private:
    void take_outside(char c) noexcept;

    std::size_t depth_ = 0;
    bool begun_ = false;
    bool quoted_ = false;
    bool escaped_ = false;
};

/// One piece of one call, as OpenAI's deltas bring them.
struct ToolFragment {
    std::optional<std::int64_t> index;
    std::string id;  ///< empty: of the call that is open at this index
    std::string name;
    std::string arguments;
    bool custom = false;
    llm::Proof proof{};
};

/// Puts the fragments of calls in order: one call after the other, each whole, whatever order a
/// server sends them in. A fragment of a later call waits until the arguments of the one before are
/// a complete JSON text or the reply ends. Some servers number all calls 0: another id at the same
/// index begins another call.
class ToolFragments {
public:
    ToolFragments(std::int32_t choice, std::size_t held_bytes_max)
        : choice_(choice), held_bytes_max_(held_bytes_max) {}

    /// `block` is the last block number in use, and counts on. Over the limit is upstream_failed.
    Result<void> take(ToolFragment fragment, std::int32_t& block,
                      std::vector<llm::ReplyEvent>& out);
    /// Ends all calls. Arguments that never came are `{}`.
    void close(std::int32_t& block, std::vector<llm::ReplyEvent>& out);

    bool any() const noexcept { return any_; }
    bool open() const noexcept { return !calls_.empty(); }

private:
    struct Call {
        std::int64_t index = 0;
        std::string id;
        std::string name;
        bool custom = false;
        llm::Proof proof{};
        std::string held;  ///< arguments that have not gone out
        JsonEnd end{};
        bool begun = false;
        bool spoke = false;  ///< arguments have gone out
        std::int32_t block = 0;
    };
    Call* call_of(const ToolFragment& fragment);
    void advance(std::int32_t& block, std::vector<llm::ReplyEvent>& out);
    void flush(Call& call, std::int32_t& block, std::vector<llm::ReplyEvent>& out);
    void end(Call& call, std::int32_t& block, std::vector<llm::ReplyEvent>& out);
    template <typename What>
    void add(const Call& call, What what, std::vector<llm::ReplyEvent>& out);

    std::int32_t choice_;
    std::size_t held_bytes_max_;
    std::deque<Call> calls_;  ///< that have not ended; only the first one's pieces go out
    std::size_t held_bytes_ = 0;
    bool any_ = false;
};

}  // namespace obliv::wire
