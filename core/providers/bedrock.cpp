#include "core/providers/bedrock.hpp"

#include "core/providers/offers.hpp"
#include "core/providers/sigv4.hpp"
#include "core/wire/bedrock.hpp"

#include <array>

namespace obliv::providers {
namespace {

constexpr std::string_view region_place = "{region}";

constexpr std::array offers{
    Offer{Operation::chat, &wire::bedrock, "/model/{model}/converse",
          "/model/{model}/converse-stream"},
    of_form(Operation::embeddings, wire::bedrock_embeddings, "/model/{model}/invoke"),
};

/// A Bedrock API key, which is one text without bars, is sent as it is.
bool is_signed(const Secret& key) {
    return key.reveal().find('|') != std::string_view::npos;
}

Result<std::string> base_url(const Endpoint& endpoint) {
    std::string url = endpoint.base_url;
    auto at = url.find(region_place);
    if (at == std::string::npos)
        return url;
    if (!is_signed(endpoint.key))
        return fail(Code::config_invalid,
                    "a Bedrock API key does not name its region: give the channel a base URL such "
                    "as https://bedrock-runtime.eu-central-1.amazonaws.com");
    auto key = parse_aws_key(endpoint.key);
    if (!key)
        return key.error();
    return url.replace(at, region_place.size(), key->region);
}

Result<void> sign(const Endpoint& endpoint, WallTime now, Outgoing& out) {
    if (!is_signed(endpoint.key)) {
        out.headers.emplace_back("authorization", "Bearer " + std::string(endpoint.key.reveal()));
        return ok();
    }
    auto key = parse_aws_key(endpoint.key);
    if (!key)
        return key.error();
    std::string_view target = out.target;
    auto question = target.find('?');
    AwsRequest request;
    request.method = out.method;
    request.host = out.host;
    request.path = target.substr(0, question);
    if (question != std::string_view::npos)
        request.query = target.substr(question + 1);
    request.body = out.body_digest;
    for (auto& header : sign_v4(*key, "bedrock", request, now))
        out.headers.push_back(std::move(header));
    return ok();
}

}  // namespace

// Amazon Bedrock API reference, "Converse" and "ConverseStream".
const Provider bedrock{.name = "bedrock",
                       .default_base_url = "https://bedrock-runtime.{region}.amazonaws.com",
                       .offers = offers,
                       .base_url = base_url,
                       .sign = sign,
                       .signs_body = true};

}  // namespace obliv::providers
