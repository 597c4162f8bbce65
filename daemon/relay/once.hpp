#pragma once

#include "core/base/clock.hpp"
#include "core/base/digest.hpp"
#include "core/http/chunked.hpp"
#include "daemon/relay/relay.hpp"
#include "daemon/server/passing_exchange.hpp"

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace obliv::relay {

/// A reply that is sent again to who repeats its request.
struct KeptReply {
    std::string content_type;
    std::string body;
    Sha256 request{};  ///< of its body
    /// Instead of the two: the request that the call was charged as, whose reply is not kept.
    std::string charged_as{};
};
using KeptReplyPtr = std::shared_ptr<const KeptReply>;

/// Who makes a call with an Idempotency-Key: whose it is and when it came, as its charge tells,
/// beside the name that its client knows it by.
struct Maker {
    AccountId account;
    WallTime time{};
    std::string_view request_id;
};

inline constexpr auto reply_kept_for = std::chrono::hours(24);

class Shelf;

/// The calls that were made with an Idempotency-Key: those that run, and for a day the replies of
/// those that ended well, as many as fit; all others are on the shelf. Of the whole process, and
/// safe from any thread.
class Repeats {
public:
    struct Found {
        bool runs = false;  ///< somebody makes this very call now
        KeptReplyPtr reply;
    };
    /// Neither of the two: it is the caller's turn, and end() follows.
    Found begin(const Sha256& key, SteadyTime now);
    /// A null reply leaves the key as if it had never been used.
    void end(const Sha256& key, KeptReplyPtr reply, SteadyTime now);

    /// A reply that is nowhere but in memory, because the disk did not take it.
    struct Unwritten {
        Sha256 key{};
        std::string request_id;
        KeptReplyPtr reply;
    };
    /// It stays, whatever else has to go, until it is written or its day is over: a repeat that
    /// does not find it would be charged again.
    void end_unwritten(Unwritten unwritten, SteadyTime now);
    /// Each in turn; nothing: there is none.
    std::optional<Unwritten> next_unwritten();
    void written(const Sha256& key);

private:
    struct Entry {
        KeptReplyPtr reply;  ///< null while it runs
        SteadyTime ended{};
        std::list<Sha256>::iterator place{};
        std::string request_id{};  ///< while it is unwritten
    };
    void drop_first(std::list<Sha256>& from);
    void make_room(SteadyTime now);

    std::mutex mutex_;
    std::map<Sha256, Entry> entries_;  // guarded by mutex_
    std::list<Sha256> ended_;          // guarded by mutex_; oldest first
    std::list<Sha256> unwritten_;      // guarded by mutex_
    std::size_t bytes_ = 0;            // guarded by mutex_; of the bodies of ended_
};

/// Holds a turn of Repeats, and gives it back without a reply unless it was ended with one.
class Turn {
public:
    /// What `maker` names outlives it.
    Turn(Repeats& repeats, Shelf& shelf, const Sha256& key, const Maker& maker, const Clock& clock)
        : repeats_(repeats), shelf_(shelf), key_(key), maker_(maker), clock_(clock) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    /// A reply that is on the shelf; null: there is none, and it is the caller's turn.
    loop::Task<Result<KeptReplyPtr>> begin();
    /// Returns when no kill can undo it, or the disk does not take it: then it stays in memory.
    loop::Task<void> keep(KeptReplyPtr reply);

private:
    void end(KeptReplyPtr reply) {
        ended_ = true;
        repeats_.end(key_, std::move(reply), clock_.steady());
    }

    Repeats& repeats_;
    Shelf& shelf_;
    Sha256 key_;
    Maker maker_;
    bool begun_ = false;
    const Clock& clock_;
    bool ended_ = false;
};

/// An exchange whose reply is kept, and that goes on to its end although its client leaves: the
/// repeat is to find the reply.
class OnceExchange final : public server::PassingExchange {
public:
    /// `record` tells by the last bytes of the reply whether the call failed; they leave after the
    /// turn has been ended, so that who has seen them may repeat the call.
    OnceExchange(server::Exchange& base, const Record& record, Turn& turn)
        : PassingExchange(base), record_(record), turn_(turn) {}

    loop::Task<Result<std::string_view>> read_body() override;
    void start(int status, std::string_view content_type, std::span<const http::Header> headers,
               std::optional<std::uint64_t> length) override;
    loop::Task<Result<void>> write(server::Pieces payload) override;
    loop::Task<Result<void>> write_framed(std::string_view chunks) override;
    loop::Task<Result<void>> finish(server::Pieces payload) override;
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override;
    void on_client_gone(std::function<void()> gone) override;
    bool client_gone() const override { return false; }

private:
    /// The reply is whole. Of a success it is kept, or that there was one if it is too long.
    loop::Task<void> hand_over();
    void listen();
    void begin(int status, std::string_view content_type);
    void keep(std::string_view bytes);
    Result<void> unless_left(Result<void> sent) const;

    const Record& record_;
    Turn& turn_;
    KeptReply kept_;
    bool succeeds_ = true;
    bool keeps_ = true;
    http::ChunkedDecoder framing_;
    std::function<void()> gone_;
};

/// The call that a client's Idempotency-Key names: of this account and path. invalid_request: it is
/// empty or too long.
Result<Sha256> repeat_key(std::int64_t account, std::string_view path, std::string_view given);

/// Sends a kept reply. invalid_request: this request is not the one that it was the reply to.
loop::Task<Result<void>> send_again(server::Exchange& exchange, KeptReplyPtr reply);

}  // namespace obliv::relay
