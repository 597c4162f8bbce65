#pragma once

#include "core/base/clock.hpp"
#include "daemon/relay/dialogue.hpp"
#include "daemon/relay/targets.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace obliv::relay {

/// One tiny chat in a channel's own format, to see whether it answers.
struct Probe {
    std::string head;
    std::string body;
    std::unique_ptr<Dialogue> dialogue;  ///< where the provider is asked over a WebSocket
};
Result<Probe> write_probe(const channels::Entry& entry, const Target& target, std::size_t key,
                          std::string_view model, const Clock& clock);

/// Whether these messages of a WebSocket are all of a reply.
bool is_whole(const channels::Entry& entry, std::string_view messages);

/// What the model said to it, redacted. An Error: the reply is none.
Result<std::string> read_probe(const channels::Entry& entry, std::string_view reply);

}  // namespace obliv::relay
