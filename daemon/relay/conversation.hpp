#pragma once

#include "core/base/bound.hpp"
#include "core/http/chunked.hpp"
#include "core/storage/store.hpp"
#include "core/wire/responses_state.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/server/passing_exchange.hpp"

namespace obliv::relay {

/// What conversations need of the daemon. Outlives them.
struct Memory {
    storage::Database& database;
    loop::BlockingPool& workers;
    const Clock& clock;
    Bound& bodies;  ///< for what is made of request bodies
};

/// An exchange of the Responses API with a memory: the body that the relay reads has the
/// conversation before it in place of `previous_response_id`, and the response is stored before its
/// last bytes leave, so that whoever has seen it can go on from it. Nothing is stored where the
/// request says `store: false`. Everything else passes through.
class Conversation final : public server::PassingExchange {
public:
    /// `record` says whose conversation it is by the time that the body is read.
    Conversation(server::Exchange& base, const Record& record, const Memory& memory);

    loop::Task<Result<std::string_view>> read_body() override;
    void release_request() override;
    void release_body() override;

    void start(int status, std::string_view content_type, std::span<const http::Header> headers,
               std::optional<std::uint64_t> length) override;
    loop::Task<Result<void>> write(server::Pieces payload) override;
    loop::Task<Result<void>> write_framed(std::string_view chunks) override;
    loop::Task<Result<void>> finish(server::Pieces payload) override;
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override;

private:
    loop::Task<Result<void>> recall(std::string_view body);
    Result<void> take_apart(std::string_view body, WallTime oldest, AccountId account);
    void let_go_of_body();
    loop::Task<void> remember();
    void hear(const server::Pieces& payload);

    const Record& record_;
    const Memory& memory_;
    wire::ResponsesTurn turn_;
    std::string body_;  ///< the request with its history; empty: it goes as it came
    Share share_;       ///< of what is made of a long one, and of what is kept of it
    bool keeps_ = false;
    wire::ResponseCapture capture_;
    http::ChunkedDecoder framing_;
};

/// `GET` and `DELETE /v1/responses/{id}`, `GET /v1/responses/{id}/input_items`.
loop::Task<Result<void>> serve_stored_response(server::Exchange& exchange, const gate::Gate& gate,
                                               const Memory& memory);

/// Whether the path is one of those.
bool is_stored_response(std::string_view path) noexcept;

}  // namespace obliv::relay
