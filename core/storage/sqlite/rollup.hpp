#pragma once

#include "core/storage/ledger.hpp"
#include "core/storage/sqlite/noted.hpp"
#include "core/storage/sqlite/query.hpp"

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace obliv::storage::sqlite {

/// Sums of usage rows by hour and all that reports tell apart, as they go into usage_hour and
/// usage_day.
class Sums {
public:
    struct Row {
        std::int64_t hour = 0;  ///< since 1970
        std::string model;
        std::string served;
        ChannelId channel;
        TokenId token;
        AccountId account;
        UserId user;
        std::int64_t requests = 0;
        std::int64_t errors = 0;
        llm::Usage usage;
        Money cost;
    };
    Sums() = default;
    Sums(const Sums&) = delete;
    Sums& operator=(const Sums&) = delete;
    void add(const Call& call);
    void clear() noexcept;
    std::size_t size() const noexcept { return rows_.size(); }
    Result<void> store(Connection& connection) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    struct Span {
        std::int64_t first = 0;
        std::int64_t last = 0;
    };
    void look_up(const Call& call, std::int64_t hour);
    Result<void> store_spans(Connection& connection) const;

    std::string key_;  // of the call that is being looked up
    std::unordered_map<std::string, Row, Hash, std::equal_to<>> rows_;
    std::unordered_map<std::int64_t, Span> spans_;  // ids by hour
    // Where the last call went, since the next one is often like it; null: there was none.
    Row* row_ = nullptr;
    Span* span_ = nullptr;
    std::int64_t calls_ = 0;
    std::int64_t units_ = 0;
};

/// Brings the sums up to date, each row once: fold.rolled is the id up to which they reach. What is
/// appended is summed up on its way, so that rows need not be read again; they are read where that
/// does not know everything: after a start, and after a transaction that was rolled back.
class RollUp {
public:
    explicit RollUp(Connection& connection) : connection_(connection) {}
    void note(std::span<const Call* const> stored) { pending_.note(stored); }
    void forget() noexcept { pending_.forget(); }
    Result<FoldStep> run(ChargeId limit, std::int64_t rows_max);

private:
    Result<FoldStep> from_rows(std::int64_t rolled, ChargeId limit, std::int64_t rows_max);
    Result<void> finish(const Sums& sums, std::int64_t rolled);

    Connection& connection_;
    Pending<Sums> pending_;
};

/// The figures of a call that sums are made of, in the order of sum_figures.
void read_figures(Query& query, Call& call);
inline constexpr std::string_view sum_figures =
    "id, time, model, model_served, channel, token, account, user, status, error, input, "
    "cache_read, cache_write_5m, cache_write_1h, audio_in, image_in, output, reasoning, audio_out, "
    "images, seconds, characters, searches, cost";

void add_usage(llm::Usage& sum, const llm::Usage& more) noexcept;
/// All kinds of units together, for comparing sums only.
std::int64_t units_of(const llm::Usage& usage) noexcept;
bool counts_as_error(const Call& call) noexcept;
std::int64_t hour_of(WallTime time) noexcept;

}  // namespace obliv::storage::sqlite
