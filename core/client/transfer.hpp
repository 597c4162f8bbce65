#pragma once

#include "core/client/client.hpp"

namespace obliv::client {

/// One try of one request: what came, and whether any of it reached the sink.
struct Attempt {
    Result<Response> outcome;
    bool connected = false;   ///< the request may have reached the server
    bool handed_out = false;  ///< `sink` has seen bytes: there is no second try
};

/// Runs one transfer to its end, its deadline or the interrupt. `sink` may be null: then a 2xx body
/// is kept in the Response too.
Attempt transfer(const Options& options, const Request& request, const Client::Sink* sink);

}  // namespace obliv::client
