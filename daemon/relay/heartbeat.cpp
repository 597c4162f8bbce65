#include "daemon/relay/heartbeat.hpp"

#include "core/wire/anthropic.hpp"
#include "core/wire/cohere.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/responses.hpp"
#include "core/wire/wire.hpp"

namespace obliv::relay {

// What each SDK does with it is proved by the tests named sdk_*: `openai` and `cohere-ai` skip
// comments, `@anthropic-ai/sdk` knows a ping of its own, and `@google/genai` loses what follows a
// comment.
std::string_view beat_of(const wire::Wire& wire) noexcept {
    if (&wire == &wire::anthropic)
        return "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    bool skips_comments = &wire == &wire::openai || &wire == &wire::completions ||
                          &wire == &wire::responses || &wire == &wire::cohere;
    return skips_comments ? ": waiting\n\n" : std::string_view();
}

std::string error_event(const Inbound& inbound, const Error& error, std::string_view request_id) {
    wire::WriteOptions options;
    options.stream = true;
    options.request_id = std::string(request_id);
    std::string out;
    inbound.wire->new_writer(options)->fail(error, out);
    return out;
}

}  // namespace obliv::relay
