#pragma once

#include "core/llm/chat_reply.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

using Events = std::vector<llm::ReplyEvent>;

/// Numbers the blocks of a reply whose blocks come one after the other: what is of another kind
/// than the block before ends that and begins the next.
class Sequence {
public:
    void text(std::string_view piece, Events& out);
    void thinking(std::string_view piece, Events& out);
    void begin_call(std::string id, std::string name, Events& out);
    /// Of the call that was begun last. Nothing at all, and `null`, become `{}`.
    void arguments(std::string_view piece, Events& out);
    /// What belongs to the block that is open, or was last.
    template <typename What>
    void add(What what, Events& out) {
        out.push_back({std::move(what), 0, block_ < 0 ? 0 : block_});
    }
    /// Ends the block that is open, if one is.
    void close(Events& out);

    bool called() const noexcept { return called_; }

private:
    enum class Kind : std::uint8_t { none, text, thinking, call };
    void open(Kind kind, Events& out);

    Kind kind_ = Kind::none;
    std::int32_t block_ = -1;
    bool called_ = false;
    bool arguments_begun_ = false;
    std::string held_;  ///< arguments that may yet turn out to be `null`
};

}  // namespace obliv::wire
