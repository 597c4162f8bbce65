#include "core/providers/ollama.hpp"

#include "core/providers/offers.hpp"
#include "core/wire/ollama.hpp"

#include <array>

namespace obliv::providers {
namespace {

// Its own format comes first: it can say how much to think and takes a schema. Clients of OpenAI's
// are passed through as they are.
constexpr std::array offers{
    Offer{Operation::chat, &wire::ollama, "/api/chat"},
    openai_chat("/v1/chat/completions"),
    model_list("/v1/models"),
    Offer{Operation::embeddings, nullptr, "/v1/embeddings"},
};

constexpr wire::Dialect dialect() {
    wire::Dialect dialect;
    dialect.reasoning_field = "reasoning";
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    return dialect;
}

/// Ollama's SDK takes the host, OpenAI's SDK the same with `/v1`: both are meant.
Result<std::string> host_of(const Endpoint& endpoint) {
    auto url = endpoint.base_url;
    if (url.ends_with("/v1"))
        url.resize(url.size() - 3);
    return url;
}

}  // namespace

const Provider ollama{"ollama", "http://127.0.0.1:11434", offers, dialect(), {}, {}, host_of};

}  // namespace obliv::providers
