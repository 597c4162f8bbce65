#include "daemon/relay/shelf.hpp"

#include "core/base/log.hpp"
#include "core/loop/run_blocking.hpp"

namespace obliv::relay {
namespace {

constexpr unsigned sweep_every = 16;  // replies

}  // namespace

/// The ring was replayed when this run began: what is not stored now was never charged.
Result<bool> Shelf::was_charged(const storage::RepeatRow& before) {
    // Of this run, it is a call that failed and is about to be forgotten.
    if (before.run == run_)
        return false;
    if (!before.call.account)
        return true;
    return database_.read([&](storage::Session& session) {
        return session.repeats().was_charged(before.call, first_id_);
    });
}

storage::RepeatRow Shelf::row_of(const Sha256& key, std::string_view request_id) const {
    storage::RepeatRow row;
    row.key = key;
    row.request_id = std::string(request_id);
    row.run = run_;
    row.time = clock_.wall();
    return row;
}

/// A call that could not be known again for a day is better not made.
Result<void> Shelf::has_room(WallTime now) {
    auto count = [](storage::Session& session) { return session.repeats().bytes(); };
    auto bytes = database_.read(count);
    if (bytes && *bytes > bounds_.all) {
        auto swept = database_.write([&](storage::Session& session) {
            return session.repeats().sweep(now - reply_kept_for, bounds_.replies);
        });
        if (!swept)
            return swept;
        bytes = database_.read(count);
    }
    if (!bytes)
        return bytes.error();
    if (*bytes > bounds_.all)
        return fail(Code::overloaded, "too many calls with an Idempotency-Key were made within a "
                                      "day; this one can be made without");
    return ok();
}

/// What is known of a call of the last day; null: it may be made again.
Result<KeptReplyPtr> Shelf::known(storage::RepeatRow before) {
    if (before.whole)
        return std::make_shared<const KeptReply>(
            KeptReply{std::move(before.content_type), std::move(before.body), before.request});
    if (before.run.empty())
        return std::make_shared<const KeptReply>(
            KeptReply{{}, {}, before.request, std::move(before.request_id)});
    auto charged = was_charged(before);
    if (!charged)
        return charged.error();
    if (*charged)
        return fail(Code::conflict, "the call with this Idempotency-Key was charged as " +
                                        before.request_id +
                                        ", and its reply was lost when the server was killed; "
                                        "a new key makes a new call");
    return KeptReplyPtr{};
}

Result<KeptReplyPtr> Shelf::begin(const Sha256& key, const Maker& maker) {
    auto row =
        database_.read([&](storage::Session& session) { return session.repeats().find(key); });
    if (!row)
        return row.error();
    auto begun = row_of(key, maker.request_id);
    begun.call = {maker.account, maker.time, next_id_()};
    if (*row && begun.time - (*row)->time < reply_kept_for)
        if (auto before = known(std::move(**row)); !before || *before)
            return before;
    if (auto room = has_room(begun.time); !room)
        return room.error();
    auto noted =
        database_.write([&](storage::Session& session) { return session.repeats().put(begun); });
    if (!noted)
        return noted.error();
    return KeptReplyPtr{};
}

Result<void> Shelf::keep(const Sha256& key, std::string_view request_id, const KeptReply& reply) {
    auto row = row_of(key, request_id);
    row.whole = reply.charged_as.empty();
    if (!row.whole)
        row.run.clear();
    row.request = reply.request;
    row.content_type = reply.content_type;
    row.body = reply.body;
    bool sweeps = kept_.fetch_add(1, std::memory_order_relaxed) % sweep_every == 0;
    return database_.write([&](storage::Session& session) -> Result<void> {
        auto done = session.repeats().put(row);
        if (done && sweeps)
            done = session.repeats().sweep(row.time - reply_kept_for, bounds_.replies);
        return done;
    });
}

loop::Task<Result<KeptReplyPtr>> Shelf::begin_elsewhere(Sha256 key, Maker maker) {
    auto work = [this, key, maker] { return begin(key, maker); };
    co_return co_await loop::run_blocking(workers_, std::move(work));
}

loop::Task<Result<void>> Shelf::keep_elsewhere(Sha256 key, std::string_view request_id,
                                               KeptReplyPtr reply) {
    auto work = [this, key, id = std::string(request_id), reply] { return keep(key, id, *reply); };
    co_return co_await loop::run_blocking(workers_, std::move(work));
}

void Shelf::forget(const Sha256& key, const Maker& maker) noexcept {
    storage::CallMark call{maker.account, maker.time, {}};
    auto work = [this, key, call, id = std::string(maker.request_id)] {
        auto done = database_.write(
            [&](storage::Session& session) { return session.repeats().remove(key, call); });
        if (!done)
            log::write_limited(log::Level::warning, "repeat_not_forgotten",
                               "a call that failed is still noted under its Idempotency-Key",
                               {{"request", id}, {"why", done.error().message}});
    };
    // A program that stops leaves the note: then only a call that was charged is not made again.
    (void)workers_.post(std::move(work));
}

void Shelf::catch_up(Repeats& repeats) noexcept {
    if (!repeats.next_unwritten())
        return;
    auto work = [this, &repeats] {
        while (auto next = repeats.next_unwritten()) {
            if (!keep(next->key, next->request_id, *next->reply))
                return;
            repeats.written(next->key);
        }
    };
    // Who comes next tries again.
    (void)workers_.post(std::move(work));
}

}  // namespace obliv::relay
