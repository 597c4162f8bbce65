#include "daemon/relay/targets.hpp"

#include "core/base/version.hpp"

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

std::string head_of(const upstream::BaseUrl& place, const providers::WireTarget& wire) {
    std::string head = "POST " + place.endpoint.target_prefix() + place.path +
                       " HTTP/1.1\r\nhost: " + place.endpoint.host_header() + "\r\n";
    for (const auto& [name, value] : wire.headers)
        head.append(name).append(": ").append(value).append("\r\n");
    const auto& proxy = place.endpoint.proxy;
    if (!proxy.host.empty() && !place.endpoint.tls && !proxy.authorization.empty())
        head.append("proxy-authorization: ").append(proxy.authorization).append("\r\n");
    head.append("user-agent: oblivd/")
        .append(version)
        .append("\r\naccept: */*\r\naccept-encoding: identity\r\n"
                "content-type: application/json\r\n");
    return head;
}

}  // namespace

Target make_target(const channels::Entry& entry, const UpstreamSettings& settings) {
    Target target;
    const auto& channel = entry.channel;
    target.timeouts = timeouts_of(channel, settings.timeouts);
    if (entry.provider == nullptr) {
        target.problem = "its type is not known";
        return target;
    }
    auto keys = channel.keys;
    if (keys.empty())
        keys.emplace_back();
    for (const auto& key : keys) {
        auto wire = entry.provider->chat({channel.base_url, key});
        auto place = place_of(wire.url, channel.proxy.empty() ? settings.proxy : channel.proxy);
        if (!place) {
            target.problem = place.error().message;
            return target;
        }
        target.endpoint = place->endpoint;
        target.heads.push_back(head_of(*place, wire));
    }
    return target;
}

std::shared_ptr<const TargetTable> TargetTable::build(const channels::ChannelTable& table,
                                                      const UpstreamSettings& settings) {
    auto out = std::make_shared<TargetTable>();
    for (const auto& entry : table.entries())
        out->targets_.emplace(entry->channel.id, make_target(*entry, settings));
    return out;
}

const Target* TargetTable::find(ChannelId channel) const {
    auto found = targets_.find(channel);
    return found == targets_.end() ? nullptr : &found->second;
}

}  // namespace obliv::relay
