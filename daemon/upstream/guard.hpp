#pragma once

#include "core/base/ip_address.hpp"
#include "daemon/upstream/resolver.hpp"

#include <string>
#include <vector>

namespace obliv::upstream {

/// Where a URL may lead that a caller wrote: to addresses of the public internet that are neither
/// this machine's nor those of the networks it is on, and to those that the operator named.
/// Immutable, shared by the loops.
class Guard {
public:
    /// `allowed`: host names, addresses and networks. invalid_request names one that is none.
    /// `own`: of this machine's interfaces, whatever they are.
    static Result<Guard> make(const std::vector<std::string>& allowed,
                              std::vector<IpNetwork> own = own_networks());
    /// What the interfaces of this machine are on at this moment.
    static std::vector<IpNetwork> own_networks();

    /// Those of `found`, the addresses of `host`, that may be connected to.
    std::vector<Address> permitted(const std::string& host, std::vector<Address> found) const;

private:
    std::vector<IpNetwork> networks_;
    std::vector<IpNetwork> own_;
    std::vector<std::string> hosts_;  ///< in lower case
};

}  // namespace obliv::upstream
