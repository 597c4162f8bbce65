#pragma once

#include "core/llm/chat_call.hpp"
#include "daemon/server/passing_exchange.hpp"

#include <string>
#include <utility>

namespace obliv::relay {

/// A call beside another: it asks with the same credential, until its own time-outs or until the
/// caller leaves, and its reply is for us.
class SideExchange final : public server::PassingExchange {
public:
    /// `name` is added to the id of the request.
    SideExchange(server::Exchange& base, std::string_view name, std::string body)
        : PassingExchange(base), id_(base.request_id()), body_(std::move(body)) {
        id_.append("-").append(name);
        body_.append(llm::json_padding, ' ');
    }

    std::string_view request_id() const override { return id_; }
    loop::Task<Result<std::string_view>> read_body() override {
        co_return std::string_view(body_).substr(0, body_.size() - llm::json_padding);
    }
    void release_request() override {}
    void release_body() override {}
    void start(int status, std::string_view, std::span<const http::Header>,
               std::optional<std::uint64_t>) override {
        status_ = status;
    }
    loop::Task<Result<void>> write(server::Pieces payload) override {
        for (auto piece : payload.view())
            said_.append(piece);
        co_return ok();
    }
    loop::Task<Result<void>> write_framed(std::string_view) override {
        co_return fail(Code::upstream_failed, "an embedding came as a stream");
    }
    loop::Task<Result<void>> finish(server::Pieces payload) override { return write(payload); }
    loop::Task<Result<void>> reply(int status, std::string_view, std::span<const http::Header>,
                                   std::string_view body) override {
        status_ = status;
        return write(server::Pieces(body));
    }
    bool replied() const override { return status_ != 0; }
    bool finished() const override { return false; }
    int status() const override { return status_; }

    const std::string& said() const noexcept { return said_; }

private:
    std::string id_;
    std::string body_;
    std::string said_;
    int status_ = 0;
};

}  // namespace obliv::relay
