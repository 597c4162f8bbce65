#include "daemon/upstream/guard.hpp"

#include "core/base/text.hpp"

#include <algorithm>

namespace obliv::upstream {
Result<Guard> Guard::make(const std::vector<std::string>& allowed) {
    Guard guard;
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
        bool named = std::any_of(networks_.begin(), networks_.end(),
                                 [&](const IpNetwork& network) { return network.contains(*ip); });
        return !named && !ip->is_public();
    });
    return found;
}

}  // namespace obliv::upstream
