#pragma once

#include "core/http/headers.hpp"
#include "daemon/channels/quota.hpp"

namespace obliv::relay {

/// What the head of a provider's reply tells of its rate limits: OpenAI's
/// `x-ratelimit-remaining-requests` and `-tokens`, which many hosts have taken over, and
/// Anthropic's `anthropic-ratelimit-requests-remaining` and `-tokens-remaining`.
channels::Window window_of(const http::Headers& headers);

}  // namespace obliv::relay
