#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/wire/plain.hpp"
#include "core/wire/wire.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::wire {
struct ImageTask;
}

namespace obliv::providers {

/// Where a channel points.
struct Endpoint {
    std::string base_url;  ///< as the provider's own SDK takes it, without a slash at the end
    Secret key;
};

/// What a provider can be asked to do.
enum class Operation : std::uint8_t {
    chat,  ///< in any of its formats: Offer::wire says which
    models,
    count_tokens,
    embeddings,
    rerank,
    moderations,
    balance,  ///< what is left of the key's money
    image_generations,
    image_edits,
    image_variations,
    speech,
    transcriptions,
    translations,
    files,         ///< kept by the provider: what is done to them is behind the path
    batches,       ///< likewise
    realtime,      ///< over a WebSocket
    continuation,  ///< of a chat's reply, where that is asked for elsewhere
};

/// How images are asked for that a provider makes in the background: a task is begun, asked after
/// until it has ended, and taken back if nobody waits for it any more.
struct TaskApi {
    std::string_view below;   ///< taken off the end of the base URL before a path is put there
    std::string_view submit;  ///< path
    std::string_view tasks;   ///< path; the id of a task follows
    std::string_view cancel;  ///< behind that
    std::string_view header;  ///< of the request that begins one: a whole line without its end
    Result<std::string> (*write)(std::string_view body, std::string_view model);
    Result<wire::ImageTask> (*read)(std::string_view reply);
};

/// A chat over a WebSocket: behind the handshake one message asks, and others answer until the wire
/// says that the last one has come.
struct Dialogue {
    /// The message that asks: the wire's body, with what of the key has to be in it.
    std::string (*message)(const Secret& key, std::string_view body);
};

/// One thing that a provider does, and where.
struct Offer {
    Operation operation = Operation::chat;
    const wire::Wire* wire = nullptr;  ///< of a chat: the format that is spoken there
    /// Behind the base URL; `{model}` stands for the model's name upstream, percent-encoded.
    std::string_view path;
    std::string_view stream_path{};  ///< where a stream is asked for elsewhere; empty: at `path`
    std::string_view method = "POST";
    /// Of vectors and rankings; null: the form in which clients ask for them (client_form).
    const wire::PlainForm* form = nullptr;
    const TaskApi* tasks = nullptr;      ///< of images; null: the reply brings them
    const Dialogue* dialogue = nullptr;  ///< of a chat; null: a request and its reply
    /// The path, where it depends on the model in no way that `{model}` could say.
    std::string (*place)(std::string_view model) = nullptr;
};

/// The header that carries a channel's key.
struct Credential {
    std::string_view header = "authorization";
    std::string_view prefix = "Bearer ";
};

/// A request that is ready to go but for its signature.
struct Outgoing {
    std::string_view method;
    std::string_view host;  ///< the Host header
    std::string target;     ///< path and query, as they will be sent: a signature may be added
    Sha256 body_digest{};   ///< where Provider::signs_body
    std::vector<std::pair<std::string, std::string>> headers{};  ///< to be added
};

/// What has to be posted to turn a channel's key into a token that calls carry.
struct TokenRequest {
    std::string url;
    std::string content_type;
    std::string body;
};
struct AccessToken {
    Secret value;  ///< goes where Credential says
    std::chrono::seconds lifetime{};
};

using Headers = std::span<const std::pair<std::string_view, std::string_view>>;

/// One upstream dialect as data and pure functions: no sockets, no clock, no state between calls.
/// Lives as long as the program, and so does what it points at.
struct Provider {
    std::string_view name;              ///< as written in a channel's `type`
    std::string_view default_base_url;  ///< empty: each customer has one of its own
    std::span<const Offer> offers;      ///< of several for one operation the best one first
    wire::Dialect dialect{};
    Credential credential{};
    Headers headers{};  ///< that every call carries

    // What data cannot say; null where it can.
    /// The base URL where a part of it lies in the key.
    Result<std::string> (*base_url)(const Endpoint&) = nullptr;
    /// Signs a call; then no Credential is sent.
    Result<void> (*sign)(const Endpoint&, WallTime now, Outgoing&) = nullptr;
    bool signs_body = false;
    /// The key is exchanged for a token, which is good for some time.
    Result<TokenRequest> (*token_request)(const Endpoint&, WallTime now) = nullptr;
    Result<AccessToken> (*read_token)(std::string_view reply) = nullptr;
    /// The key's share of the credential, where the key has several parts; null: all of it.
    std::string (*credential_of)(const Secret& key) = nullptr;
    /// Of several forms of one provider the one that a base URL means; null: there is one.
    const Provider* (*form_of)(std::string_view base_url) = nullptr;
    /// Which keys are exchanged, where others are sent as they are, in `plain_credential`; null:
    /// all of them.
    bool (*is_exchanged)(const Secret& key) noexcept = nullptr;
    Credential plain_credential{};
    const wire::Dialect* described = nullptr;  ///< of a described provider: instead of `dialect`
    /// How the last message of a request, which is the assistant's, is marked as one to be gone on
    /// with: members of it, as a JSON object; `{}`: it is gone on with as it stands. Empty: it
    /// cannot be. Where Operation::continuation is offered, that is where it is asked for.
    std::string_view prefill{};
};

/// As callers of the management API see it.
std::string_view name_of(Operation operation) noexcept;

/// A chat offer in `preferred`'s format if there is one, else the first. Null: none at all.
const Offer* chat_offer(const Provider& provider, const wire::Wire* preferred) noexcept;

/// The offer for another operation; null: the provider does not do this.
const Offer* find_offer(const Provider& provider, Operation operation) noexcept;

/// How OpenAI's and Cohere's clients ask for `operation`; null: nothing is converted there.
const wire::PlainForm* client_form(Operation operation) noexcept;

/// The form that is spoken at the offer.
inline const wire::PlainForm* form_of(const Offer& offer) noexcept {
    return offer.form != nullptr ? offer.form : client_form(offer.operation);
}

/// An offer of `operation` in `preferred`'s form if there is one, else the first. Null: none.
const Offer* plain_offer(const Provider& provider, Operation operation,
                         const wire::PlainForm* preferred) noexcept;

/// Whether the path of the offer depends on the call.
bool varies(const Offer& offer) noexcept;

/// The path and query behind the base URL.
std::string path_of(const Offer& offer, std::string_view model, bool stream);

/// The base URL for this key.
Result<std::string> base_url_of(const Provider& provider, const Endpoint& endpoint);

/// Whether calls carry a token in place of this key.
bool exchanges(const Provider& provider, const Secret& key) noexcept;

/// The headers of the provider's own and, if it is sent as it is, the key.
std::vector<std::pair<std::string, std::string>> headers_of(const Provider& provider,
                                                            const Endpoint& endpoint);

/// What is particular to the provider in the formats that it speaks.
inline const wire::Dialect& dialect_of(const Provider& provider) noexcept {
    return provider.described != nullptr ? *provider.described : provider.dialect;
}

/// All of them, in the order of their names.
std::span<const Provider* const> all() noexcept;

/// Null when no provider has this name.
const Provider* find(std::string_view name) noexcept;

/// The form of it that is meant by this base URL, which is as in Endpoint.
const Provider* find(std::string_view name, std::string_view base_url) noexcept;

}  // namespace obliv::providers
