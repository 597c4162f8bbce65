#pragma once

#include "core/base/result.hpp"

#include <string>
#include <string_view>

namespace obliv::wire {

/// How one provider's form of a call that is no chat differs from what clients send here. Pure.
struct Form {
    /// The client's body as the provider takes it. invalid_request: it cannot be said there.
    Result<std::string> (*request)(std::string_view body);
    /// The provider's reply as the client expects it; `request` is the client's body.
    Result<std::string> (*reply)(std::string_view body, std::string_view request);
};

// Clients rank in the shape that Cohere and Jina share: `documents`, `top_n`, `results`.

/// Cohere v2 takes texts only and does not send documents back.
extern const Form cohere_rerank;
/// Voyage says `top_k` and `data`.
extern const Form voyage_rerank;

}  // namespace obliv::wire
