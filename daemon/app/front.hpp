#pragma once

#include "daemon/admin/admin.hpp"
#include "daemon/metrics/metrics.hpp"
#include "daemon/relay/once.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/server/server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace obliv::relay {
struct Memory;
}

namespace obliv::daemon {

class CaptureDesk;
struct CaptureRules;

/// What the front of every loop asks of the whole daemon. Any thread; not_ready() must not block.
class Vitals {
public:
    virtual ~Vitals() = default;
    /// Empty: requests can be served; else why not.
    virtual std::string not_ready() const = 0;
    virtual std::string exposition() const = 0;  ///< the text of /metrics
};

/// Path → handler on one loop, and the log line and the numbers of every request when it has ended.
class Front final : public server::Service {
public:
    struct Parts {
        std::size_t loop_index;
        relay::Relay& relay;
        admin::Admin& admin;
        metrics::Metrics& metrics;
        loop::BlockingPool& workers;
        const Vitals& vitals;
        const Clock& clock;
        const gate::Gate& gate;
        const relay::Memory& memory;
        relay::Repeats& repeats;
        relay::Shelf& shelf;
        CaptureDesk& captures;
    };
    explicit Front(const Parts& parts) : parts_(parts) {}

    loop::Task<Result<void>> serve(server::Exchange& exchange) override;
    server::ErrorReply render(const Error& error, const server::Exchange& exchange) override;
    void ended(const server::Exchange& exchange, const Error* error) override;

private:
    struct Route;
    static const Route* gemini_routes();
    const Route* find_route(std::string_view path) const;
    loop::Task<Result<void>> once(server::Exchange& exchange, const Route& route,
                                  relay::Record& record, std::string_view given);
    static std::string methods_of(const Route& route, std::string_view path);
    loop::Task<Result<void>> dispatch(server::Exchange& exchange, const Route* route,
                                      relay::Record& record);
    loop::Task<Result<void>> handle(server::Exchange& exchange, const Route& route,
                                    relay::Record& record);
    bool may_be_captured(const server::Exchange& exchange, const CaptureRules& rules) const;
    loop::Task<Result<void>> captured(server::Exchange& exchange, const Route& route,
                                      relay::Record& record,
                                      std::shared_ptr<const CaptureRules> rules);
    template <const wire::Wire& format>
    loop::Task<Result<void>> chat(server::Exchange& exchange, relay::Record& record) {
        relay::Inbound inbound;
        inbound.wire = &format;
        return parts_.relay.serve(exchange, record, std::move(inbound));
    }
    template <providers::Operation operation>
    loop::Task<Result<void>> relayed(server::Exchange& exchange, relay::Record& record) {
        relay::Inbound inbound;
        inbound.operation = operation;
        return parts_.relay.serve(exchange, record, std::move(inbound));
    }
    loop::Task<Result<void>> gemini(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> responses(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> cohere_vectors(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> realtime(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> object(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> stored_response(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> models(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> model(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> count_tokens(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> healthz(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> readyz(server::Exchange& exchange, relay::Record& record);
    loop::Task<Result<void>> metrics(server::Exchange& exchange, relay::Record& record);
    void note(const server::Exchange& exchange, std::string_view route, const relay::Record& record,
              const Error* error);

    Parts parts_;
    /// Exchanges that serve() has noted and the connection has not ended yet: hardly ever two.
    std::vector<const server::Exchange*> noted_;
};

}  // namespace obliv::daemon
