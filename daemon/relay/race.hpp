#pragma once

#include "core/loop/event.hpp"
#include "daemon/relay/attempts.hpp"
#include "daemon/relay/inbound.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/server/passing_exchange.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace obliv::relay {

struct Race;

/// One of the two roads that a hedged call takes: an exchange whose reply reaches the caller only
/// if this road was the first to have something to show. The other one finds its client gone.
class Contender final : public server::PassingExchange {
public:
    Contender(server::Exchange& base, Race& race) noexcept : PassingExchange(base), race_(race) {}

    /// This road has content: it wins, unless the other one has.
    void claim();
    bool lost() const noexcept;
    bool is_second() const noexcept;
    Race& race() const noexcept { return race_; }
    /// Another road was begun, which goes on to other channels.
    bool is_relieved() const noexcept;
    void began(const channels::Option& option);

    loop::Task<Result<std::string_view>> read_body() override;
    // The other road may still need it; it goes when both have ended.
    void release_request() override {}
    void release_body() override {}
    void start(int status, std::string_view content_type, std::span<const http::Header> headers,
               std::optional<std::uint64_t> length) override;
    loop::Task<Result<void>> write(server::Pieces payload) override;
    loop::Task<Result<void>> write_framed(std::string_view chunks) override;
    loop::Task<Result<void>> finish(server::Pieces payload) override;
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override;
    /// Kept until this road has won: a heartbeat is no content.
    void set_pulse(const server::Pulse* pulse, void* owner) override;
    void on_client_gone(std::function<void()> gone) override { gone_ = std::move(gone); }
    bool client_gone() const override { return lost() || base().client_gone(); }

    void tell_gone();

private:
    Race& race_;
    std::function<void()> gone_;
    const server::Pulse* pulse_ = nullptr;
    void* pulse_owner_ = nullptr;
};

/// A hedged call. Shared by the coroutines of both roads, on one loop.
struct Race {
    Race(server::Exchange& base, std::string_view body_, Inbound inbound_);
    Race(const Race&) = delete;
    Race& operator=(const Race&) = delete;

    /// Whether a road that has not won is not billed: the other one is, or will be.
    bool is_lost_for(const Contender& road) const noexcept {
        return winner != nullptr || road.is_second();
    }

    std::string_view body;
    Contender first;
    Contender second;
    Contender* winner = nullptr;
    Inbound inbound;  ///< of the second road
    Record record;    ///< likewise

    std::vector<ChannelId> tried;  ///< by the first road: the second leaves them out
    /// How long the first road may be silent; nothing: as long as 95 of 100 calls of its channel
    /// are.
    std::optional<std::chrono::milliseconds> after;
    SteadyTime hedge_at = SteadyTime::max();
    loop::Event changed;  ///< for who waits to begin the second road
    bool first_ended = false;
    bool second_begun = false;
    bool second_runs = false;
    Result<void> second_result;

    /// What a road had done when it did not win.
    struct End {
        explicit End(loop::Loop& loop) : event(loop) {}
        void leave(AttemptLog done, int made) {
            log = std::move(done);
            attempts = made;
            left = true;
            event.notify();
        }
        loop::Event event;
        AttemptLog log;
        int attempts = 0;
        bool left = false;
    };
    End first_end;
    End second_end;
};

}  // namespace obliv::relay
