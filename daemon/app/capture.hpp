#pragma once

#include "core/base/bound.hpp"
#include "core/http/chunked.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/storage/store.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/server/passing_exchange.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::daemon {

/// Whose calls are kept, and how.
struct CaptureRules {
    std::vector<std::string> models;    ///< names, or beginnings with * at their end
    std::vector<std::string> tokens;    ///< names
    std::vector<std::string> readers;   ///< ids of tokens that may read it
    std::vector<std::string> redact;    ///< fields of JSON whose values are not kept
    std::size_t bytes_max = 0;          ///< of a request, and of a reply
    std::int64_t total_bytes_max = 0;   ///< of all; the oldest go first
    std::chrono::milliseconds kept{0};  ///< for how long
    std::int64_t memory_max = 0;        ///< for all that is not stored yet

    bool any() const noexcept { return !models.empty() || !tokens.empty(); }
    bool wants_token(std::string_view name) const;
    bool wants(const relay::Record& record) const;
};

/// What was said, and its share of the memory for that.
struct Kept {
    Share memory;
    storage::Capture capture;
};

/// Keeps what was said in the calls that the rules name: off unless there are any. Any thread.
class CaptureDesk {
public:
    CaptureDesk(storage::Database& database, loop::BlockingPool& workers)
        : database_(database), workers_(workers) {}

    void set(CaptureRules rules);
    bool may_read(TokenId token) const;
    /// Null: nothing is captured. Costs one read of an atomic then.
    std::shared_ptr<const CaptureRules> rules() const {
        return active_.load(std::memory_order_relaxed) ? all_rules() : nullptr;
    }
    /// For what was said in calls that run, and what waits to be stored.
    Bound& memory() noexcept { return memory_; }
    /// Stores it later, on a worker thread, without what is to be left out. Dropped, and logged,
    /// when the workers are too busy: a call never waits for its capture.
    void store(Kept kept, std::shared_ptr<const CaptureRules> rules);
    /// Removes what is too old or too much. Blocks.
    Result<void> sweep();

private:
    std::shared_ptr<const CaptureRules> all_rules() const;
    Result<void> put(storage::Capture& row, const CaptureRules& rules);

    storage::Database& database_;
    loop::BlockingPool& workers_;
    Bound memory_{0};
    std::atomic<bool> active_{false};
    std::atomic<unsigned> stored_{0};
    mutable std::mutex mutex_;
    std::shared_ptr<const CaptureRules> rules_;  // under mutex_
};

/// An exchange whose request and reply are copied, as far as they are to be kept: not before it is
/// known whose call it is and of which model, and so nothing of calls that no rule names. What
/// there is no memory for counts as cut. Of the loop of its base.
class CapturingExchange final : public server::PassingExchange {
public:
    /// All of it outlives this. `record` names token and model once the first byte of a reply has
    /// come.
    CapturingExchange(server::Exchange& base, const relay::Record& record,
                      const CaptureRules& rules, Bound& memory)
        : PassingExchange(base), record_(record), rules_(rules), memory_(memory) {}

    loop::Task<Result<std::string_view>> read_body() override;
    void release_request() override;
    void release_body() override;
    loop::Task<Result<void>> write(server::Pieces payload) override;
    loop::Task<Result<void>> write_framed(std::string_view chunks) override;
    loop::Task<Result<void>> finish(server::Pieces payload) override;
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override;

    /// After the call. Nothing: it is not to be kept.
    std::optional<Kept> take();

private:
    bool wanted();
    void keep_reply(std::span<const std::string_view> pieces);
    void keep(std::string& to, bool& cut, std::string_view bytes);
    bool make_room(std::string& in, std::size_t bytes);

    const relay::Record& record_;
    const CaptureRules& rules_;
    Bound& memory_;
    Kept kept_;
    std::string_view body_;  ///< until it is decided
    http::ChunkedDecoder framing_;
    bool decided_ = false;
    bool wanted_ = false;
};

}  // namespace obliv::daemon
