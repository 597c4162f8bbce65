#pragma once

#include "core/base/result.hpp"
#include "core/http/websocket.hpp"
#include "core/llm/realtime_scan.hpp"
#include "core/loop/event.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace obliv::http {
struct RequestHead;
}

namespace obliv::relay {

/// What a client asks for with its handshake.
struct Handshake {
    std::string accept;    ///< what its key is answered with
    std::string protocol;  ///< the one of those it offers that we speak; empty: none
    std::string model;
    bool beta = false;  ///< it asks for the beta of the API
};
/// invalid_request: it is no handshake of RFC 6455, or names no model.
Result<Handshake> read_handshake(const http::RequestHead& head);

/// A conversation over two WebSockets, one to the client and one to the provider. Frames pass as
/// they came, masks and all; this is what is seen of them.
struct Talk {
    Talk(loop::Loop& loop, std::string key_, bool beta_, std::string model_);

    std::string key;  ///< of our handshake
    bool beta;
    std::string model;  ///< as prices know it
    http::FrameReader from_client;
    http::FrameReader from_provider;
    llm::RealtimeScan scan;
    loop::Event deaf;                 ///< the client's half has ended
    bool over = false;                ///< and ended
    bool closed = false;              ///< the provider has sent a close
    bool client_closed = false;       ///< so has the client
    bool between = true;              ///< what went to the client ends with a frame
    std::optional<Error> fault;       ///< of the client's frames
    std::optional<Error> broke;       ///< there is no money for another response
    std::int64_t heard_bytes = 0;     ///< of the client, since a response ended
    std::int64_t context_tokens = 0;  ///< that the last response read and wrote
    int responses = 0;

    Result<void> farewell() const;
    /// What the response that runs has used, as far as can be seen.
    llm::Usage estimate() const noexcept;
};

}  // namespace obliv::relay
