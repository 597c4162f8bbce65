#include "daemon/upstream/resolver.hpp"

#include "core/loop/loop.hpp"

#include <cstring>
#include <netdb.h>

namespace obliv::upstream {
namespace {

constexpr std::size_t threads = 2;
constexpr std::size_t queue_max = 1024;

std::vector<Address> ask(const std::string& host, std::uint16_t port, int flags,
                         std::string& error) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* results = nullptr;
    int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &results);
    if (failed != 0) {
        error = ::gai_strerror(failed);
        return {};
    }
    std::vector<Address> found;
    for (const auto* each = results; each != nullptr; each = each->ai_next) {
        Address address;
        address.size = each->ai_addrlen;
        std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
        found.push_back(address);
    }
    ::freeaddrinfo(results);
    return found;
}

void finish(Resolver::Answer& answer) {
    answer.done = true;
    if (auto on_done = std::exchange(answer.on_done, nullptr))
        on_done();
}

}  // namespace

Resolver::Resolver(Names names)
    : names_(names ? std::move(names)
                   : [](const std::string& host, std::uint16_t port,
                        std::string& error) { return ask(host, port, 0, error); }),
      operators_("resolver", threads, queue_max), callers_("callers' names", threads, queue_max) {}

std::shared_ptr<Resolver::Answer> Resolver::look_up(loop::Loop& loop, const std::string& host,
                                                    std::uint16_t port, Whose whose) {
    auto answer = std::make_shared<Answer>();
    auto& threads_of = whose == Whose::callers ? callers_ : operators_;
    auto queued = threads_of.post([this, waited = std::weak_ptr(answer), &loop, host, port] {
        auto asked = waited.lock();
        if (!asked)
            return;
        asked->found = names_(host, port, asked->error);
        loop.post([asked] { finish(*asked); });
    });
    if (!queued) {
        answer->error = queued.error().message;
        answer->done = true;
    }
    return answer;
}

std::vector<Address> Resolver::numeric(const std::string& host, std::uint16_t port) {
    std::string ignored;
    return ask(host, port, AI_NUMERICHOST, ignored);
}

}  // namespace obliv::upstream
