#include "daemon/relay/race.hpp"

#include "core/loop/loop.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

Error other_was_first() {
    return fail(Code::cancelled, "another channel answered first");
}

}  // namespace

void Contender::claim() {
    if (race_.winner != nullptr)
        return;
    race_.winner = this;
    race_.changed.notify();
    auto& other = is_second() ? race_.first : race_.second;
    other.tell_gone();
    if (pulse_ != nullptr)
        base().set_pulse(pulse_, pulse_owner_);
}

bool Contender::lost() const noexcept {
    return race_.winner != nullptr && race_.winner != this;
}

bool Contender::is_second() const noexcept {
    return this == &race_.second;
}

bool Contender::is_relieved() const noexcept {
    return !is_second() && race_.second_begun;
}

void Contender::began(const channels::Option& option) {
    if (is_second())
        return;
    race_.tried.push_back(option.entry->channel.id);
    auto usual = option.entry->health->slow_first_content();
    race_.hedge_at = SteadyTime::max();
    if (race_.after)
        race_.hedge_at = base().loop().now() + *race_.after;
    else if (usual)
        race_.hedge_at = base().loop().now() + *usual;
    race_.changed.notify();
}

loop::Task<Result<std::string_view>> Contender::read_body() {
    co_return race_.body;
}

void Contender::start(int status, std::string_view content_type,
                      std::span<const http::Header> headers, std::optional<std::uint64_t> length) {
    claim();
    if (!lost())
        base().start(status, content_type, headers, length);
}

loop::Task<Result<void>> Contender::write(server::Pieces payload) {
    if (lost())
        co_return other_was_first();
    co_return co_await base().write(payload);
}

loop::Task<Result<void>> Contender::write_framed(std::string_view chunks) {
    if (lost())
        co_return other_was_first();
    co_return co_await base().write_framed(chunks);
}

loop::Task<Result<void>> Contender::finish(server::Pieces payload) {
    if (lost())
        co_return other_was_first();
    co_return co_await base().finish(payload);
}

loop::Task<Result<void>> Contender::reply(int status, std::string_view content_type,
                                          std::span<const http::Header> headers,
                                          std::string_view body) {
    claim();
    if (lost())
        co_return other_was_first();
    co_return co_await base().reply(status, content_type, headers, body);
}

void Contender::set_pulse(const server::Pulse* pulse, void* owner) {
    pulse_ = pulse;
    pulse_owner_ = owner;
    if (race_.winner == this)
        base().set_pulse(pulse, owner);
}

void Contender::tell_gone() {
    if (gone_)
        gone_();
}

Race::Race(server::Exchange& base, std::string_view body_, Inbound inbound_)
    : body(body_), first(base, *this), second(base, *this), inbound(std::move(inbound_)),
      changed(base.loop()), first_end(base.loop()), second_end(base.loop()) {}

}  // namespace obliv::relay
