#pragma once

#include "core/llm/chat_reply.hpp"
#include "core/wire/gemini_arguments.hpp"
#include "core/wire/gemini_citations.hpp"
#include "core/wire/gemini_wire.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::wire {

using GeminiEvents = std::vector<llm::ReplyEvent>;

/// The members of `object` but these.
Json without(const Json& object, std::initializer_list<std::string_view> names);

/// One candidate of a reply under way.
class GeminiChoice {
public:
    GeminiChoice(std::int32_t number, std::string reply_id, std::size_t bytes_max)
        : number_(number), reply_id_(std::move(reply_id)), bytes_max_(bytes_max) {}

    Result<void> take(const Json& candidate, GeminiEvents& out);
    /// Closes what is open. Error: it has no finishReason.
    Result<void> finish(GeminiEvents& out);

    /// Something for clients of this format that is no part of the message.
    void note(const Json& about, GeminiEvents& out);

private:
    enum class Open { nothing, text, thought, call };

    template <typename T>
    void emit(GeminiEvents& out, T what) const {
        out.push_back({std::move(what), number_, block_});
    }
    void open(Open kind, GeminiEvents& out);
    void close(GeminiEvents& out);
    Result<void> part(const Json& part, GeminiEvents& out);
    void text(const Json& part, GeminiEvents& out);
    void media(const Json& part, GeminiEvents& out);
    void opaque(const Json& part, GeminiEvents& out);
    Result<void> call(const Json& function, const std::string& signature, GeminiEvents& out);
    void begin_call(const Json& function, const std::string& signature, GeminiEvents& out);
    void citations(const Json& candidate, GeminiEvents& out);
    void log_probs(const Json& candidate, GeminiEvents& out);

    std::int32_t number_;
    std::int32_t block_ = 0;  ///< the one that is open, or was last
    std::int32_t next_ = 0;   ///< the number of the next block
    Open open_ = Open::nothing;
    bool sealed_ = false;  ///< the open block has its signature: what follows is another
    bool called_ = false;
    std::string finish_;
    std::string signature_;  ///< of the call that comes in pieces
    std::string reply_id_;
    std::size_t calls_ = 0;
    GeminiArguments arguments_;
    std::size_t bytes_max_;
    ReplyText text_;
};

}  // namespace obliv::wire
