#include "core/providers/anthropic.hpp"

#include "core/wire/anthropic.hpp"

#include <array>

namespace obliv::providers {
namespace {

constexpr std::array offers{
    Offer{Operation::chat, &wire::anthropic, "/v1/messages"},
    Offer{Operation::models, nullptr, "/v1/models", {}, "GET"},
};

// A caller's own anthropic-beta header says what is newer than this.
constexpr std::array<std::pair<std::string_view, std::string_view>, 1> headers{
    {{"anthropic-version", "2023-06-01"}}};

constexpr wire::Dialect dialect{.output_tokens_default = 8'192};

}  // namespace

// Anthropic API reference, "Messages", "Models" and "Count tokens". Their SDKs take the base URL
// without `/v1`.
const Provider anthropic{.name = "anthropic",
                         .default_base_url = "https://api.anthropic.com",
                         .offers = offers,
                         .dialect = dialect,
                         .credential = {"x-api-key", ""},
                         .headers = headers,
                         .prefill = "{}"};

}  // namespace obliv::providers
