#include "daemon/relay/targets.hpp"

#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "core/llm/estimate.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

upstream::Timeouts timeouts_of(const storage::Channel& channel,
                               const upstream::Timeouts& defaults) {
    upstream::Timeouts out = defaults;
    out.connect = channel.connect_timeout.value_or(defaults.connect);
    out.first_byte = channel.first_byte_timeout.value_or(defaults.first_byte);
    out.idle = channel.idle_timeout.value_or(defaults.idle);
    out.total = channel.total_timeout.value_or(defaults.total);
    return out;
}

std::string request_line(std::string_view method, std::string_view target) {
    std::string line(method);
    line.append(" ").append(target).append(" HTTP/1.1\r\n");
    return line;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string head_of(const upstream::Endpoint& endpoint, const Headers& headers) {
    std::string head = "host: " + endpoint.host_header() + "\r\n";
    for (const auto& [name, value] : headers)
        head.append(name).append(": ").append(value).append("\r\n");
    const auto& proxy = endpoint.proxy;
    if (!proxy.host.empty() && !endpoint.tls && !proxy.authorization.empty())
        head.append("proxy-authorization: ").append(proxy.authorization).append("\r\n");
    auto own = [&](std::string_view name, std::string_view value) {
        bool set = std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
            return equal_ignoring_case(header.first, name);
        });
        if (!set)
            head.append(name).append(": ").append(value).append("\r\n");
    };
    own("user-agent", "oblivd/" + std::string(version));
    own("accept", "*/*");
    own("accept-encoding", "identity");
    own("content-type", "application/json");
    return head;
}

/// The provider's headers with those that the channel sets in their place.
Headers with_overrides(Headers headers, const std::map<std::string, std::string>& overrides) {
    for (const auto& [name, value] : overrides) {
        std::erase_if(headers, [&name = name](const auto& header) {
            return equal_ignoring_case(header.first, name);
        });
        if (!value.empty())
            headers.emplace_back(name, value);
    }
    return headers;
}

/// Takes one more key into the target: all keys of a channel lead to one place.
Result<void> add_key(Target& target, const channels::Entry& entry, const Secret& key) {
    providers::Endpoint endpoint{entry.channel.base_url, key};
    auto url = providers::base_url_of(*entry.provider, endpoint);
    if (!url)
        return url.error();
    auto place = place_of(*url, target.proxy);
    if (!place)
        return place.error();
    auto prefix = place->endpoint.target_prefix() + place->path;
    bool first = target.heads.empty();
    if (!first && (prefix != target.prefix || !(place->endpoint == target.endpoint)))
        return fail(Code::invalid_request, "its keys lead to different places");
    target.heads.push_back(
        head_of(place->endpoint, with_overrides(providers::headers_of(*entry.provider, endpoint),
                                                entry.channel.settings.headers)));
    target.endpoint = std::move(place->endpoint);
    target.prefix = std::move(prefix);
    return ok();
}

void take_overrides(Target& target, const storage::ChannelSettings& settings) {
    if (!settings.parameters.empty())
        if (auto changes = llm::parse_field_changes(settings.parameters))
            target.parameters = std::move(*changes);
    for (const auto& [from, to] : settings.status_map)
        target.statuses.emplace_back(static_cast<int>(parse_int(from).value_or(0)),
                                     static_cast<int>(parse_int(to).value_or(0)));
}

}  // namespace

bool names(std::string_view pattern, std::string_view model) noexcept {
    if (!pattern.ends_with('*'))
        return model == pattern;
    pattern.remove_suffix(1);
    return model.starts_with(pattern);
}

Result<upstream::BaseUrl> place_of(const std::string& url, const std::string& proxy) {
    auto place = upstream::parse_base_url(url);
    if (!place)
        return place.error();
    if (proxy.empty()) {
        auto chosen =
            upstream::choose_proxy(upstream::ProxySettings::from_environment(), place->endpoint);
        if (!chosen)
            return chosen.error();
        return place;
    }
    auto parsed = upstream::parse_proxy(proxy);
    if (!parsed)
        return parsed.error();
    place->endpoint.proxy = std::move(*parsed);
    return place;
}

int Target::taken_for(int status) const noexcept {
    for (auto [from, to] : statuses)
        if (from == status)
            return to;
    return status;
}

void Target::append_line(std::string& out, const providers::Provider& provider,
                         const providers::Offer& offer, std::string_view model, bool stream) const {
    auto index = static_cast<std::size_t>(&offer - provider.offers.data());
    if (index < lines.size() && !lines[index].empty())
        out += lines[index];
    else
        out += request_line(offer.method, prefix + providers::path_of(offer, model, stream));
}

Target make_target(const channels::Entry& entry, const UpstreamSettings& settings) {
    Target target;
    const auto& channel = entry.channel;
    target.timeouts = timeouts_of(channel, settings.timeouts);
    target.talk_timeouts = target.timeouts;
    target.talk_timeouts.idle = target.talk_timeouts.total = {};
    if (entry.provider == nullptr) {
        target.problem = "its type is not known";
        return target;
    }
    auto keys = channel.keys;
    if (keys.empty())
        keys.emplace_back();
    target.proxy = channel.proxy.empty() ? settings.proxy : channel.proxy;
    for (const auto& key : keys)
        if (auto added = add_key(target, entry, key); !added) {
            target.problem = added.error().message;
            return target;
        }
    take_overrides(target, channel.settings);
    for (const auto& offer : entry.provider->offers)
        target.lines.push_back(
            providers::varies(offer)
                ? std::string()
                : request_line(offer.method, target.prefix + std::string(offer.path)));
    return target;
}

std::shared_ptr<const TargetTable> TargetTable::build(const channels::ChannelTable& table,
                                                      const UpstreamSettings& settings) {
    auto out = std::make_shared<TargetTable>();
    for (const auto& entry : table.entries()) {
        out->targets_.emplace(entry->channel.id, make_target(*entry, settings));
        const auto& prompt = entry->channel.settings.system_prompt.text;
        if (!prompt.empty())
            out->prompt_tokens_max_ =
                std::max(out->prompt_tokens_max_, llm::input_tokens_bound(prompt));
    }
    return out;
}

const Target* TargetTable::find(ChannelId channel) const {
    auto found = targets_.find(channel);
    return found == targets_.end() ? nullptr : &found->second;
}

}  // namespace obliv::relay
