#include "core/providers/vertex.hpp"

#include "core/providers/google_key.hpp"
#include "core/providers/offers.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/gemini.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace obliv::providers {
namespace {

using std::string_view;

constexpr string_view scope = "https://www.googleapis.com/auth/cloud-platform";

constexpr std::array of_google{
    Offer{Operation::chat, &wire::gemini, "/publishers/google/models/{model}:generateContent",
          "/publishers/google/models/{model}:streamGenerateContent?alt=sse"},
    of_form(Operation::embeddings, wire::vertex_embeddings,
            "/publishers/google/models/{model}:predict"),
};
constexpr std::array of_anthropic{
    Offer{Operation::chat, &wire::anthropic_vertex, "/models/{model}:rawPredict",
          "/models/{model}:streamRawPredict"},
};
constexpr std::array open{openai_chat("/chat/completions")};

/// The place that a host serves: `europe-west4-aiplatform.googleapis.com`,
/// `aiplatform.eu.rep.googleapis.com`, `aiplatform.googleapis.com`.
std::string location_of(string_view url) {
    auto host = url.substr(std::min(url.size(), url.find("://") + 3));
    host = host.substr(0, host.find_first_of("/:"));
    constexpr string_view regional = "-aiplatform.googleapis.com";
    constexpr string_view many = "aiplatform.";
    constexpr string_view many_end = ".rep.googleapis.com";
    if (host.ends_with(regional))
        return std::string(host.substr(0, host.size() - regional.size()));
    if (host.starts_with(many) && host.ends_with(many_end))
        return std::string(host.substr(many.size(), host.size() - many.size() - many_end.size()));
    return "global";
}

/// Where the version of the API ends and the project would begin; the whole if there is none.
bool names_project(string_view url) {
    return url.find("/projects/") != string_view::npos;
}

/// Without a project in it the URL is that of the service: the key names the project, the host the
/// place.
Result<std::string> base_url(const Endpoint& endpoint) {
    std::string url = endpoint.base_url;
    if (names_project(url))
        return url;
    string_view end;
    for (string_view models : {"/publishers/anthropic", "/endpoints/openapi"})
        if (string_view(url).ends_with(models))
            end = models;
    url.resize(url.size() - end.size());
    if (!url.ends_with("/v1") && !url.ends_with("/v1beta1"))
        url += "/v1";
    if (is_google_account(endpoint.key)) {
        auto key = parse_google_key(endpoint.key);
        if (!key)
            return key.error();
        url += "/projects/" + key->project + "/locations/" + location_of(endpoint.base_url);
    } else if (!end.empty()) {
        return fail(Code::config_invalid,
                    "an API key of Vertex AI is good for Gemini only: give the "
                    "channel the JSON of a service account");
    }
    return url.append(end);
}

Result<TokenRequest> token_request(const Endpoint& endpoint, WallTime now) {
    auto key = parse_google_key(endpoint.key);
    if (!key)
        return key.error();
    auto assertion = google_assertion(*key, scope, now);
    if (!assertion)
        return assertion.error();
    return TokenRequest{key->token_url, "application/x-www-form-urlencoded",
                        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
                        "&assertion=" +
                            *assertion};
}

Result<AccessToken> read_token(string_view reply) {
    constexpr std::int64_t lifetime_max_s = 24 * 3600;
    auto document = nlohmann::json::parse(reply, nullptr, false);
    if (!document.is_object() || !document.contains("access_token") ||
        !document["access_token"].is_string())
        return fail(Code::upstream_credentials,
                    "Google gave no access token for the service account");
    AccessToken token{Secret(document["access_token"].get<std::string>()), std::chrono::seconds(0)};
    auto lifetime = document.find("expires_in");
    if (lifetime != document.end() && lifetime->is_number_unsigned())
        token.lifetime = std::chrono::seconds(
            std::min<std::uint64_t>(lifetime->get<std::uint64_t>(), lifetime_max_s));
    return token;
}

constexpr Provider form(std::span<const Offer> offers, wire::Dialect dialect = {}) {
    return {.name = "vertex",
            .default_base_url = "https://aiplatform.googleapis.com",
            .offers = offers,
            .dialect = dialect,
            .base_url = base_url,
            .token_request = token_request,
            .read_token = read_token,
            .is_exchanged = is_google_account,
            .plain_credential = {"x-goog-api-key", ""}};
}

constexpr wire::Dialect claude_dialect{.output_tokens_default = 8'192};

constinit const Provider vertex_anthropic = form(of_anthropic, claude_dialect);
constinit const Provider vertex_open = form(open);

const Provider* form_of(string_view base_url) {
    if (base_url.ends_with("/publishers/anthropic"))
        return &vertex_anthropic;
    return base_url.ends_with("/endpoints/openapi") ? &vertex_open : &vertex;
}

constexpr Provider with_forms(Provider provider) {
    provider.form_of = form_of;
    return provider;
}

}  // namespace

// Vertex AI reference, "publishers.models" and "endpoints.chat.completions".
constinit const Provider vertex = with_forms(form(of_google));

}  // namespace obliv::providers
