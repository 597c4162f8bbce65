#pragma once

#include "core/http/chunked.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/storage/store.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/server/passing_exchange.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
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

    bool any() const noexcept { return !models.empty() || !tokens.empty(); }
    bool wants(const relay::Record& record) const;
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
    /// Stores it later, on a worker thread, without what is to be left out. Dropped, and logged,
    /// when the workers are too busy: a call never waits for its capture.
    void store(storage::Capture capture, std::shared_ptr<const CaptureRules> rules);
    /// Removes what is too old or too much. Blocks.
    Result<void> sweep();

private:
    std::shared_ptr<const CaptureRules> all_rules() const;
    Result<void> put(const storage::Capture& capture, const CaptureRules& rules);

    storage::Database& database_;
    loop::BlockingPool& workers_;
    std::atomic<bool> active_{false};
    std::atomic<unsigned> stored_{0};
    mutable std::mutex mutex_;
    std::shared_ptr<const CaptureRules> rules_;  // under mutex_
};

/// An exchange whose request and reply are copied, as far as they are to be kept.
class CapturingExchange final : public server::PassingExchange {
public:
    CapturingExchange(server::Exchange& base, std::size_t bytes_max)
        : PassingExchange(base), bytes_max_(bytes_max) {}

    loop::Task<Result<std::string_view>> read_body() override;
    loop::Task<Result<void>> write(server::Pieces payload) override;
    loop::Task<Result<void>> write_framed(std::string_view chunks) override;
    loop::Task<Result<void>> finish(server::Pieces payload) override;
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override;

    storage::Capture take() noexcept { return std::move(capture_); }

private:
    void keep(std::string& to, bool& cut, std::string_view bytes) const;

    std::size_t bytes_max_;
    storage::Capture capture_;
    http::ChunkedDecoder framing_;
    bool framed_ = true;  ///< the framing can still be followed
};

/// JSON, whole or cut or in events, with the values of these fields replaced, whatever they are.
std::string without_fields(std::string_view text, const std::vector<std::string>& fields);

/// What may be kept of a text: neither named fields nor secrets, nor the beginning of one in the
/// place where the text was cut.
std::string fit_to_keep(std::string_view text, bool cut, const std::vector<std::string>& fields);

}  // namespace obliv::daemon
