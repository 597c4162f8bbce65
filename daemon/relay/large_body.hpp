#pragma once

#include "core/base/bound.hpp"
#include "core/llm/condense.hpp"
#include "daemon/relay/inbound.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::loop {
class BlockingPool;
}

namespace obliv::relay {

class Conversion;

/// A pass over a megabyte takes 0.3 ms, longer than a loop may be kept busy; and what lies in a
/// file would be memory of this process while it is looked at.
inline constexpr std::size_t body_bytes_inline_max = 1U << 20;

/// What is known of a long body from when it was read, so that nobody has to go through it again.
struct LargeBody {
    llm::Condensed condensed;  ///< its text is empty where the body says too much to be condensed
    std::vector<std::string> needs;  ///< llm::needs_of() a chat
    Share memory;                    ///< of that text

    /// What a reader of fields may look at in place of the body.
    std::string_view text_of(std::string_view body) const noexcept {
        return condensed.text.empty() ? body : condensed.view();
    }
};

/// What there is to be parsed as a whole, which takes memory; nothing: it was, in little.
/// On a worker. `mapped`: the body is a loop::Mapping.
Result<std::optional<llm::ChatCall>> parse_condensed(const Inbound& inbound, std::string_view body,
                                                     std::string_view content_type, bool mapped,
                                                     LargeBody& large);
/// Likewise, whatever it takes.
Result<llm::ChatCall> parse_whole(const Inbound& inbound, std::string_view body,
                                  std::string_view content_type, bool mapped, LargeBody& large);

/// Memory for what is made of `bytes` bytes: read and written again they are there twice. A single
/// call never needs more than three quarters of what there is. `overloaded`: others have it;
/// `payload_too_large`: there is less.
Result<void> take_memory(Share& share, Bound& memory, std::size_t bytes);

/// What a worker is to destroy, because it has been made of a long body: many small pieces take the
/// loop long, and their memory is given back to the system.
std::shared_ptr<Conversion> destroyed_on(loop::BlockingPool& workers,
                                         std::unique_ptr<Conversion> conversion);

}  // namespace obliv::relay
