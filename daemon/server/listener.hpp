#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace obliv::server {

/// An open descriptor, closed when this goes.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor();

    int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_ = -1;
};

/// Listening sockets for one address, one per loop, all on one port.
struct TcpListeners {
    std::vector<Descriptor> sockets;
    std::uint16_t port = 0;
};

/// `address` is numeric, IPv4 or IPv6. `Code::conflict` when the port is taken, whoever has it.
Result<TcpListeners> bind_tcp(std::string_view address, std::uint16_t port, std::size_t count);

/// One socket of mode 0660 at `path`. A file that nobody listens on is replaced; one that somebody
/// listens on is `Code::conflict`.
Result<Descriptor> bind_unix(const std::string& path);

Result<Descriptor> duplicate(int descriptor);

}  // namespace obliv::server
