#pragma once

#include "core/wire/plain.hpp"

#include <memory>
#include <utility>

namespace obliv::relay {

/// A call that is no chat and was answered by a provider of another form.
struct PlainParts {
    const wire::PlainForm& client;
    const wire::PlainForm& provider;
    std::shared_ptr<const llm::PlainRequest> request;  ///< as it was written for the provider
    wire::PlainOptions options;
};

/// Reader and writer of its reply, for a Translator. They belong together: what the reader has
/// understood at the end is what the writer writes.
std::pair<std::unique_ptr<wire::ReplyReader>, std::unique_ptr<wire::ReplyWriter>>
plain_reply(PlainParts parts);

}  // namespace obliv::relay
