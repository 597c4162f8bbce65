#include "daemon/server/exchange.hpp"

namespace obliv::server {
namespace {

Error unsupported() {
    return fail(Code::unsupported, "this exchange speaks HTTP only");
}

}  // namespace

loop::Task<Result<void>> Exchange::upgrade(std::span<const http::Header>) {
    co_return unsupported();
}

loop::Task<Result<std::string_view>> Exchange::receive() {
    co_return unsupported();
}

loop::Task<Result<void>> Exchange::send_raw(std::string_view) {
    co_return unsupported();
}

}  // namespace obliv::server
