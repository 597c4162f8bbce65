#include "daemon/relay/request_head.hpp"

namespace obliv::relay {
namespace {

constexpr std::string_view json_content = "content-type: application/json\r\n";

void append_headers(std::string& head, const HeaderList& headers) {
    for (const auto& [name, value] : headers)
        head.append(name).append(": ").append(value).append("\r\n");
}

/// The headers of the channel. What they say of the body stands last, and is about JSON.
void append_own_headers(std::string& head, const Errand& errand) {
    std::string_view own = errand.target.heads[errand.key];
    if (errand.content_type.empty()) {
        head.append(own);
        return;
    }
    if (own.ends_with(json_content))
        own.remove_suffix(json_content.size());
    head.append(own).append("content-type: ").append(errand.content_type).append("\r\n");
}

/// The signature covers the request line, so it may change that too.
Result<void> sign(std::string& head, const Errand& errand, std::span<const std::string_view> body,
                  WallTime now) {
    const auto& channel = errand.entry.channel;
    const auto& endpoint = errand.target.endpoint;
    auto host = endpoint.host_header();
    providers::Outgoing out{errand.offer.method, host, {}};
    if (errand.entry.provider->signs_body)
        out.body_digest = errand.digest ? *errand.digest : sha256(body);
    out.target = errand.target.prefix.substr(endpoint.target_prefix().size()) +
                 providers::path_of(errand.offer, errand.model, errand.stream);
    auto unsigned_target = out.target;
    auto key = channel.keys.empty() ? Secret() : channel.keys[errand.key];
    if (auto made = errand.entry.provider->sign({channel.base_url, key}, now, out); !made)
        return made;
    if (out.target != unsigned_target)
        if (auto at = head.find(unsigned_target); at != std::string::npos)
            head.replace(at, unsigned_target.size(), out.target);
    append_headers(head, out.headers);
    return ok();
}

}  // namespace

Result<void> append_head(std::string& head, const Errand& errand, const HeaderList& headers,
                         std::span<const std::string_view> body, const Clock& clock) {
    // Of what is not among the target's headers, all but a long path fits.
    constexpr std::size_t rest = 192;
    head.reserve(errand.target.heads[errand.key].size() + rest);
    std::size_t length = 0;
    for (auto piece : body)
        length += piece.size();
    const auto& provider = *errand.entry.provider;
    errand.target.append_line(head, provider, errand.offer, errand.model, errand.stream);
    append_own_headers(head, errand);
    append_headers(head, headers);
    if (provider.sign != nullptr)
        if (auto made = sign(head, errand, body, clock.wall()); !made)
            return made;
    head.append("content-length: ").append(std::to_string(length)).append("\r\n\r\n");
    return ok();
}

}  // namespace obliv::relay
