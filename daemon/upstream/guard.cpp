#include "daemon/upstream/guard.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <ifaddrs.h>

namespace obliv::upstream {
namespace {

bool in_any(const std::vector<IpNetwork>& networks, const IpAddress& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace

std::vector<IpNetwork> Guard::own_networks() {
    std::vector<IpNetwork> own;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0)
        return own;
    for (const auto* each = list; each != nullptr; each = each->ifa_next) {
        if (each->ifa_addr == nullptr || each->ifa_netmask == nullptr)
            continue;
        auto address = IpAddress::from(*each->ifa_addr);
        auto mask = IpAddress::from(*each->ifa_netmask);
        if (address && mask)
            own.push_back(IpNetwork::around(*address, *mask));
    }
    ::freeifaddrs(list);
    return own;
}

Result<Guard> Guard::make(const std::vector<std::string>& allowed, std::vector<IpNetwork> own) {
    Guard guard;
    guard.own_ = std::move(own);
    for (const auto& entry : allowed) {
        auto network = IpNetwork::parse(entry);
        if (network) {
            guard.networks_.push_back(*network);
            continue;
        }
        std::string host = entry;
        std::transform(host.begin(), host.end(), host.begin(), lower);
        if (!is_host_name(host))
            return fail(Code::invalid_request,
                        "expected a host name, an address or a network, got '" + visible(entry) +
                            "'");
        guard.hosts_.push_back(std::move(host));
    }
    return guard;
}

std::vector<Address> Guard::permitted(const std::string& host, std::vector<Address> found) const {
    if (std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end())
        return found;
    std::erase_if(found, [&](const Address& address) {
        auto ip = IpAddress::from(reinterpret_cast<const sockaddr&>(address.storage));
        if (!ip)
            return true;
        return !in_any(networks_, *ip) && (in_any(own_, *ip) || !ip->is_public());
    });
    return found;
}

}  // namespace obliv::upstream
