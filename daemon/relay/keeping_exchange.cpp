#include "daemon/relay/keeping_exchange.hpp"

#include "daemon/relay/replay.hpp"

namespace obliv::relay {
namespace {

constexpr int status_ok = 200;

/// What tells that an answer is not the plain one to its question.
bool tells_of_change(const http::Header& header) {
    return header.name == "x-oblivious-model" || header.name == "x-oblivious-dropped";
}

}  // namespace

loop::Task<Result<std::string_view>> KeepingExchange::read_body() {
    co_return body_;
}

std::span<const http::Header> KeepingExchange::with_mark(std::span<const http::Header> headers) {
    headers_.assign(headers.begin(), headers.end());
    headers_.push_back({cache_header, name_of(cache::Lookup::miss)});
    return headers_;
}

void KeepingExchange::begin(int status, std::string_view content_type,
                            std::span<const http::Header> headers) {
    for (const auto& header : headers)
        keeps_ = keeps_ && !tells_of_change(header);
    keeps_ = keeps_ && status == status_ok;
    answer_.content_type = std::string(content_type);
}

void KeepingExchange::keep(std::string_view bytes) {
    if (!keeps_)
        return;
    if (answer_.body.size() + bytes.size() > bytes_max_)
        return drop();
    answer_.body.append(bytes);
}

void KeepingExchange::drop() noexcept {
    keeps_ = false;
    std::string().swap(answer_.body);
}

void KeepingExchange::end() {
    whole_ = true;
    if (on_whole_)
        on_whole_();
}

void KeepingExchange::start(int status, std::string_view content_type,
                            std::span<const http::Header> headers,
                            std::optional<std::uint64_t> length) {
    begin(status, content_type, headers);
    base().start(status, content_type, with_mark(headers), length);
}

loop::Task<Result<void>> KeepingExchange::write(server::Pieces payload) {
    for (auto piece : payload.view())
        keep(piece);
    return base().write(payload);
}

loop::Task<Result<void>> KeepingExchange::write_framed(std::string_view chunks) {
    auto rest = chunks;
    while (keeps_ && !rest.empty()) {
        auto step = framing_.next(rest);
        if (!step || step->consumed == 0) {
            drop();
            break;
        }
        keep(step->payload);
        rest.remove_prefix(step->consumed);
    }
    return base().write_framed(chunks);
}

loop::Task<Result<void>> KeepingExchange::finish(server::Pieces payload) {
    for (auto piece : payload.view())
        keep(piece);
    end();
    return base().finish(payload);
}

loop::Task<Result<void>> KeepingExchange::reply(int status, std::string_view content_type,
                                                std::span<const http::Header> headers,
                                                std::string_view body) {
    begin(status, content_type, headers);
    keep(body);
    end();
    return base().reply(status, content_type, with_mark(headers), body);
}

std::optional<cache::Answer> KeepingExchange::take() {
    if (!keeps_ || !whole_ || answer_.body.empty())
        return std::nullopt;
    keeps_ = false;
    return std::move(answer_);
}

}  // namespace obliv::relay
