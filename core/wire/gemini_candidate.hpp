#pragma once

#include "core/llm/chat_reply.hpp"
#include "core/wire/gemini_citations.hpp"
#include "core/wire/json.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace obliv::wire {

/// One candidate of a reply for a client, made from events: its parts as they get whole (a call's
/// arguments have to be, pieces of text are), and what is said about it at the end.
class GeminiCandidate {
public:
    GeminiCandidate();
    ~GeminiCandidate();
    GeminiCandidate(GeminiCandidate&&) noexcept;
    GeminiCandidate& operator=(GeminiCandidate&&) noexcept;

    void take(const llm::ReplyEvent& event);
    /// The parts since the last time: a stream's. Who never asks gets all of them in result().
    std::vector<Json> give();
    /// What is open is over: the reply has ended.
    void close();
    bool empty() const noexcept;
    /// The candidate as the last chunk of a stream has it, or the whole.
    Json result(std::int32_t index, bool stream);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace obliv::wire
