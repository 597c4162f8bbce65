#pragma once

#include "daemon/server/exchange.hpp"

namespace obliv::server {

/// An exchange that passes everything on to another: for those that change or listen to a part of
/// it.
class PassingExchange : public Exchange {
public:
    /// `base` outlives this.
    explicit PassingExchange(Exchange& base) noexcept : base_(base) {}

    const http::RequestHead& request() const override { return base_.request(); }
    const Peer& peer() const override { return base_.peer(); }
    std::string_view request_id() const override { return base_.request_id(); }
    SteadyTime arrived() const override { return base_.arrived(); }
    loop::Loop& loop() override { return base_.loop(); }
    loop::Task<Result<std::string_view>> read_body() override { return base_.read_body(); }
    std::string_view mapped_body() const override { return base_.mapped_body(); }
    void release_request() override { base_.release_request(); }
    void release_body() override { base_.release_body(); }

    void start(int status, std::string_view content_type, std::span<const http::Header> headers,
               std::optional<std::uint64_t> length) override {
        base_.start(status, content_type, headers, length);
    }
    loop::Task<Result<void>> write(Pieces payload) override { return base_.write(payload); }
    loop::Task<Result<void>> write_framed(std::string_view chunks) override {
        return base_.write_framed(chunks);
    }
    loop::Task<Result<void>> finish(Pieces payload) override { return base_.finish(payload); }
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override {
        return base_.reply(status, content_type, headers, body);
    }

    void set_pulse(const Pulse* pulse, void* owner) override { base_.set_pulse(pulse, owner); }

    bool replied() const override { return base_.replied(); }
    bool finished() const override { return base_.finished(); }
    int status() const override { return base_.status(); }
    std::uint64_t bytes_sent() const override { return base_.bytes_sent(); }
    void on_client_gone(std::function<void()> gone) override {
        base_.on_client_gone(std::move(gone));
    }
    bool client_gone() const override { return base_.client_gone(); }
    bool stopping() const override { return base_.stopping(); }

protected:
    Exchange& base() const noexcept { return base_; }

private:
    Exchange& base_;
};

}  // namespace obliv::server
