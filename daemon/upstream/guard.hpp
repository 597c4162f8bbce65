#pragma once

#include "core/base/ip_address.hpp"
#include "daemon/upstream/resolver.hpp"

#include <string>
#include <vector>

namespace obliv::upstream {

/// Where a URL may lead that a caller wrote: to addresses of the public internet, and to those that
/// the operator named. Immutable, shared by the loops.
class Guard {
public:
    /// `allowed`: host names, addresses and networks. invalid_request names one that is none.
    static Result<Guard> make(const std::vector<std::string>& allowed);

    /// Those of `found`, the addresses of `host`, that may be connected to.
    std::vector<Address> permitted(const std::string& host, std::vector<Address> found) const;

private:
    std::vector<IpNetwork> networks_;
    std::vector<std::string> hosts_;  ///< in lower case
};

}  // namespace obliv::upstream
