#include "core/providers/zhipu.hpp"

#include "core/base/digest.hpp"
#include "core/base/encoding.hpp"
#include "core/providers/offers.hpp"

#include <algorithm>
#include <array>

namespace obliv::providers {
namespace {

constexpr std::array offers{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    generations_of_images("/images/generations"),
};

constexpr wire::Dialect dialect() {
    wire::Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    dialect.parallel_tool_calls = false;
    dialect.json_schema = false;
    dialect.seed = false;
    return dialect;
}

// A call's clock may differ from theirs; none lasts as long as this.
constexpr auto token_lifetime = std::chrono::minutes(30);

std::string unpadded(std::string text) {
    for (auto& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    while (text.ends_with('='))
        text.pop_back();
    return text;
}

std::string milliseconds(WallTime time) {
    auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
    return std::to_string(since.count());
}

bool is_word(std::string_view text) {
    return !text.empty() && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstu"
                                                   "vwxyz0123456789_-") == std::string_view::npos;
}

/// HS256 over claims whose times are in milliseconds.
std::string token_of(std::string_view id, std::string_view secret, WallTime now) {
    auto claims = R"({"api_key":")" + std::string(id) + R"(","exp":)" +
                  milliseconds(now + token_lifetime) + R"(,"timestamp":)" + milliseconds(now) + "}";
    auto token = unpadded(to_base64(R"({"alg":"HS256","sign_type":"SIGN"})")) + "." +
                 unpadded(to_base64(claims));
    auto mac = hmac_sha256(secret, token);
    return token + "." + unpadded(to_base64(as_chars(mac)));
}

/// A key `ID.SECRET` is not sent: a token is made from it, which older keys need and newer ones
/// allow. Z.ai knows no such tokens, so there, and for a key of any other form, the key itself
/// goes.
Result<void> sign(const Endpoint& endpoint, WallTime now, Outgoing& call) {
    auto key = endpoint.key.reveal();
    if (key.empty())
        return ok();
    auto dot = std::min(key.find('.'), key.size());
    auto id = key.substr(0, dot);
    auto secret = key.substr(std::min(dot + 1, key.size()));
    bool makes_token = is_word(id) && is_word(secret) && !call.host.ends_with("z.ai");
    auto bearer = makes_token ? token_of(id, secret, now) : std::string(key);
    call.headers.emplace_back("authorization", "Bearer " + bearer);
    return ok();
}

}  // namespace

const Provider zhipu{
    "zhipu", "https://open.bigmodel.cn/api/paas/v4", offers, dialect(), {}, {}, nullptr, sign};

}  // namespace obliv::providers
