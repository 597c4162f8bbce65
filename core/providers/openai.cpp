#include "core/providers/openai.hpp"

namespace obliv::providers {
namespace {

WireTarget target(const Endpoint& endpoint, std::string_view path) {
    WireTarget out;
    out.url = endpoint.base_url + std::string(path);
    // A local server may want no key at all; an empty credential would be refused by many.
    if (!endpoint.key.empty())
        out.headers.emplace_back("authorization", "Bearer " + std::string(endpoint.key.reveal()));
    return out;
}

WireTarget chat(const Endpoint& endpoint) {
    return target(endpoint, "/chat/completions");
}

WireTarget models(const Endpoint& endpoint) {
    return target(endpoint, "/models");
}

}  // namespace

// OpenAI API reference, "Chat" and "Models"; every server that calls itself compatible follows it.
const Provider openai{"openai", "https://api.openai.com/v1", chat, models};

}  // namespace obliv::providers
