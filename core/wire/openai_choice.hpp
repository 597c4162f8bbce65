#pragma once

#include "core/base/result.hpp"
#include "core/llm/chat_reply.hpp"
#include "core/wire/json.hpp"
#include "core/wire/tool_fragments.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// One choice of a reply in the OpenAI form, from its deltas or its message to events. Thought,
/// text, refusal and calls each are a block; one ends where another begins.
class OpenAiChoice {
public:
    /// `held_bytes_max`: of arguments that wait for the call before theirs to end.
    OpenAiChoice(std::int32_t number, std::size_t held_bytes_max)
        : number_(number), calls_(number, held_bytes_max) {}

    /// A `delta` or a `message`.
    Result<void> take(const Json& delta, std::vector<llm::ReplyEvent>& out);
    void take_logprobs(const Json& logprobs, std::vector<llm::ReplyEvent>& out);
    void finish(const std::string& reason, std::vector<llm::ReplyEvent>& out);
    /// Ends what is open.
    void close(std::vector<llm::ReplyEvent>& out);

private:
    using Events = std::vector<llm::ReplyEvent>;
    enum class Kind : std::uint8_t { none, text, refusal, thinking, media };
    template <typename What>
    void add(Kind kind, What what, Events& out);
    void end_block(Events& out);
    void take_content(const Json& content, Events& out);
    void take_thinking(const Json& delta, Events& out);
    void take_media(const Json& delta, Events& out);
    void take_annotations(const Json& delta, Events& out);
    Result<void> take_calls(const Json& delta, Events& out);

    std::int32_t number_;
    Kind open_ = Kind::none;
    std::int32_t block_ = -1;  ///< the last that began
    ToolFragments calls_;
    bool finished_ = false;
};

}  // namespace obliv::wire
