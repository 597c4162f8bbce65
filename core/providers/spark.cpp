#include "core/providers/spark.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/http/uri.hpp"
#include "core/providers/offers.hpp"
#include "core/wire/spark.hpp"

#include <algorithm>
#include <array>

namespace obliv::providers {
namespace {

constexpr std::array offers{openai_chat("/chat/completions")};

constexpr wire::Dialect dialect() {
    wire::Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    dialect.stream_options = false;  // usage comes with the last event all the same
    dialect.parallel_tool_calls = false;
    dialect.json_schema = false;
    dialect.seed = false;
    return dialect;
}

/// `APP_ID|API_KEY|API_SECRET` is sent as `API_KEY:API_SECRET`; an APIPassword as it is.
std::string bearer_of(const Secret& key) {
    auto parts = split(key.reveal(), '|');
    if (parts.size() != 3)
        return std::string(key.reveal());
    return std::string(parts[1]) + ":" + std::string(parts[2]);
}

// The WebSocket.

struct Place {
    std::string_view model;
    std::string_view path;
};
constexpr std::array places{
    Place{"lite", "/v1.1/chat"},
    Place{"generalv3", "/v3.1/chat"},
    Place{"pro-128k", "/chat/pro-128k"},
    Place{"generalv3.5", "/v3.5/chat"},
    Place{"max-32k", "/chat/max-32k"},
    Place{"4.0Ultra", "/v4.0/chat"},
    Place{"x1", "/v1/x1"},
};

/// A model that came later lies, we hope, where those without a number do.
std::string place_of(std::string_view model) {
    auto found = std::find_if(places.begin(), places.end(),
                              [&](const Place& place) { return place.model == model; });
    if (found != places.end())
        return std::string(found->path);
    return "/chat/" + http::percent_encode(model);
}

struct Parts {
    std::string app_id;
    std::string api_key;
    std::string api_secret;
};

Result<Parts> parts_of(const Secret& key) {
    auto parts = split(key.reveal(), '|');
    if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || parts[2].empty())
        return fail(Code::config_invalid,
                    "a key of Spark's WebSocket is written APP_ID|API_KEY|API_SECRET");
    return Parts{std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

/// The signature stands in the query of the handshake.
Result<void> sign(const Endpoint& endpoint, WallTime now, Outgoing& out) {
    auto key = parts_of(endpoint.key);
    if (!key)
        return key.error();
    auto date = http_date(now);
    std::string host(out.host);
    auto text = "host: " + host + "\ndate: " + date + "\nGET " + out.target + " HTTP/1.1";
    auto mac = hmac_sha256(key->api_secret, text);
    auto authorization = "api_key=\"" + key->api_key +
                         "\", algorithm=\"hmac-sha256\", headers=\"host date request-line\", "
                         "signature=\"" +
                         to_base64(as_chars(mac)) + "\"";
    out.target += "?authorization=" + http::percent_encode(to_base64(authorization)) +
                  "&date=" + http::percent_encode(date) + "&host=" + http::percent_encode(host);
    return ok();
}

std::string message_of(const Secret& key, std::string_view body) {
    auto parts = parts_of(key);
    return wire::with_spark_app(body, parts ? parts->app_id : std::string());
}

/// The handshake is HTTP, so that is what the rest of the world knows the place by.
Result<std::string> http_url(const Endpoint& endpoint) {
    return "http" + endpoint.base_url.substr(2);
}

constexpr Dialogue dialogue{message_of};

constexpr std::array by_model{Offer{.operation = Operation::chat,
                                    .wire = &wire::spark,
                                    .path = {},
                                    .method = "GET",
                                    .dialogue = &dialogue,
                                    .place = place_of}};
constexpr std::array at_its_path{Offer{.operation = Operation::chat,
                                       .wire = &wire::spark,
                                       .path = {},
                                       .method = "GET",
                                       .dialogue = &dialogue}};

const Provider spark_websocket{.name = "spark",
                               .default_base_url = {},
                               .offers = by_model,
                               .base_url = http_url,
                               .sign = sign};
const Provider spark_at_path{.name = "spark",
                             .default_base_url = {},
                             .offers = at_its_path,
                             .base_url = http_url,
                             .sign = sign};

/// `wss://HOST` means the WebSocket, at the path of the model; with a path that one.
const Provider* form_of(std::string_view base_url) {
    auto scheme = base_url.find("://");
    if (scheme == std::string_view::npos || !base_url.starts_with("ws"))
        return &spark;
    bool has_path = base_url.find('/', scheme + 3) != std::string_view::npos;
    return has_path ? &spark_at_path : &spark_websocket;
}

}  // namespace

// `x1` lies under `/v2`, every other model under `/v1`.
const Provider spark{.name = "spark",
                     .default_base_url = "https://spark-api-open.xf-yun.com/v1",
                     .offers = offers,
                     .dialect = dialect(),
                     .credential_of = bearer_of,
                     .form_of = form_of};

}  // namespace obliv::providers
