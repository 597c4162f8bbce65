#include "core/providers/google_key.hpp"

#include "core/base/encoding.hpp"
#include "core/base/rsa.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::providers {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view usual_token_url = "https://oauth2.googleapis.com/token";

std::string text_of(const Json& document, const char* name) {
    auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
}

/// Base64 as tokens have it (RFC 4648 §5): for URLs, without padding.
std::string base64_url(std::string_view bytes) {
    auto text = to_base64(bytes);
    text.erase(std::min(text.find('='), text.size()));
    for (auto& c : text)
        c = c == '+' ? '-' : (c == '/' ? '_' : c);
    return text;
}

}  // namespace

bool is_google_account(const Secret& key) noexcept {
    auto text = key.reveal();
    auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '{';
}

Result<GoogleKey> parse_google_key(const Secret& key) {
    auto document = Json::parse(key.reveal(), nullptr, false);
    if (!document.is_object())
        return fail(Code::config_invalid,
                    "expected the JSON of a Google service account as the key");
    if (text_of(document, "type") != "service_account")
        return fail(
            Code::config_invalid,
            "the JSON key is not of the type \"service_account\": create a key of a service "
            "account in the Google console");
    GoogleKey out;
    out.project = text_of(document, "project_id");
    out.email = text_of(document, "client_email");
    out.key_id = text_of(document, "private_key_id");
    out.private_key = Secret(text_of(document, "private_key"));
    out.token_url = text_of(document, "token_uri");
    if (out.token_url.empty())
        out.token_url = usual_token_url;
    for (const auto& [name, missing] : {std::pair{"project_id", out.project.empty()},
                                        std::pair{"client_email", out.email.empty()},
                                        std::pair{"private_key", out.private_key.empty()}})
        if (missing)
            return fail(Code::config_invalid,
                        "the service account's JSON has no " + std::string(name));
    return out;
}

// Google Identity, "Using OAuth 2.0 for server to server applications".
Result<std::string> google_assertion(const GoogleKey& key, std::string_view scope, WallTime now) {
    constexpr std::int64_t lifetime_s = 3600;
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    Json header{{"alg", "RS256"}, {"typ", "JWT"}};
    if (!key.key_id.empty())
        header["kid"] = key.key_id;
    Json claims{{"iss", key.email},
                {"scope", scope},
                {"aud", key.token_url},
                {"iat", seconds},
                {"exp", seconds + lifetime_s}};
    auto text = base64_url(header.dump(-1, ' ', false, Json::error_handler_t::replace)) + "." +
                base64_url(claims.dump(-1, ' ', false, Json::error_handler_t::replace));
    auto signature = rs256_signature(key.private_key.reveal(), text);
    if (!signature)
        return signature.error();
    return text + "." + base64_url(*signature);
}

}  // namespace obliv::providers
