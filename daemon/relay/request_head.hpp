#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "daemon/relay/inbound.hpp"
#include "daemon/relay/targets.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace obliv::relay {

/// One call to a provider, but for its body.
struct Errand {
    const channels::Entry& entry;
    const Target& target;
    const providers::Offer& offer;  ///< of the entry's provider
    std::size_t key = 0;
    std::string_view model;  ///< as the provider calls it
    bool stream = false;
    std::string_view content_type{};  ///< of the body; empty: as the target's heads say
    std::optional<Sha256> digest{};   ///< of the body, if that is known already
};

/// Appends the whole head of a request to `head`: line, headers, the key or the signature, length,
/// blank line. `headers` are those of this body only. An Error: it could not be signed.
Result<void> append_head(std::string& head, const Errand& errand, const HeaderList& headers,
                         std::span<const std::string_view> body, const Clock& clock);

}  // namespace obliv::relay
