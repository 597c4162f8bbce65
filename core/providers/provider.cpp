#include "core/providers/provider.hpp"

#include "core/http/uri.hpp"

namespace obliv::providers {
namespace {

constexpr std::string_view model_place = "{model}";

}  // namespace

std::string_view name_of(Operation operation) noexcept {
    switch (operation) {
    case Operation::chat:
        return "chat";
    case Operation::models:
        return "models";
    case Operation::count_tokens:
        return "count_tokens";
    case Operation::embeddings:
        return "embeddings";
    case Operation::rerank:
        return "rerank";
    case Operation::moderations:
        return "moderations";
    case Operation::balance:
        return "balance";
    case Operation::image_generations:
        return "image_generations";
    case Operation::image_edits:
        return "image_edits";
    case Operation::image_variations:
        return "image_variations";
    case Operation::speech:
        return "speech";
    case Operation::transcriptions:
        return "transcriptions";
    case Operation::translations:
        return "translations";
    case Operation::files:
        return "files";
    case Operation::batches:
        return "batches";
    case Operation::realtime:
        return "realtime";
    case Operation::continuation:
        return "continuation";
    }
    return "chat";
}

const Offer* chat_offer(const Provider& provider, const wire::Wire* preferred) noexcept {
    for (const auto& offer : provider.offers)
        if (offer.operation == Operation::chat && offer.wire == preferred)
            return &offer;
    return find_offer(provider, Operation::chat);
}

const Offer* find_offer(const Provider& provider, Operation operation) noexcept {
    for (const auto& offer : provider.offers)
        if (offer.operation == operation)
            return &offer;
    return nullptr;
}

const wire::PlainForm* client_form(Operation operation) noexcept {
    if (operation == Operation::embeddings)
        return &wire::openai_embeddings;
    return operation == Operation::rerank ? &wire::jina_ranking : nullptr;
}

const Offer* plain_offer(const Provider& provider, Operation operation,
                         const wire::PlainForm* preferred) noexcept {
    for (const auto& offer : provider.offers)
        if (offer.operation == operation && form_of(offer) == preferred)
            return &offer;
    return find_offer(provider, operation);
}

bool varies(const Offer& offer) noexcept {
    return offer.place != nullptr || !offer.stream_path.empty() ||
           offer.path.find(model_place) != std::string_view::npos;
}

std::string path_of(const Offer& offer, std::string_view model, bool stream) {
    if (offer.place != nullptr)
        return offer.place(model);
    std::string path(stream && !offer.stream_path.empty() ? offer.stream_path : offer.path);
    if (auto at = path.find(model_place); at != std::string::npos)
        path.replace(at, model_place.size(), http::percent_encode(model));
    return path;
}

Result<std::string> base_url_of(const Provider& provider, const Endpoint& endpoint) {
    if (provider.base_url != nullptr)
        return provider.base_url(endpoint);
    return endpoint.base_url;
}

bool exchanges(const Provider& provider, const Secret& key) noexcept {
    return provider.token_request != nullptr &&
           (provider.is_exchanged == nullptr || provider.is_exchanged(key));
}

std::vector<std::pair<std::string, std::string>> headers_of(const Provider& provider,
                                                            const Endpoint& endpoint) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [name, value] : provider.headers)
        out.emplace_back(name, value);
    // A local server may want no key at all; an empty credential would be refused by many.
    if (provider.sign != nullptr || exchanges(provider, endpoint.key) || endpoint.key.empty())
        return out;
    auto key = provider.credential_of == nullptr ? std::string(endpoint.key.reveal())
                                                 : provider.credential_of(endpoint.key);
    const auto& credential =
        provider.token_request == nullptr ? provider.credential : provider.plain_credential;
    out.emplace_back(credential.header, std::string(credential.prefix) + key);
    return out;
}

}  // namespace obliv::providers
