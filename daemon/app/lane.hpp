#pragma once

#include "daemon/app/front.hpp"
#include "daemon/app/publisher.hpp"
#include "daemon/relay/conversation.hpp"
#include "daemon/relay/shelf.hpp"

namespace obliv::daemon {

/// Everything that belongs to one loop, in the order in which it is built.
struct Lane {
    struct Shared {
        loop::Loop& loop;
        loop::BlockingPool& workers;
        billing::Books& books;
        storage::Database& database;
        const tokenizer::Tokenizers& tokenizers;
        upstream::Tls& tls;
        upstream::Resolver& resolver;
        upstream::PoolOptions pool;
        admin::Host& host;
        metrics::Metrics& metrics;
        const Vitals& vitals;
        uid_t own_uid;
        std::uint64_t seed;
        cache::AnswerCache& answers;
        relay::Repeats& repeats;
        relay::Shelf& shelf;
        relay::Proofs& proofs;
        Bound& memory;
        CaptureDesk& captures;
    };

    explicit Lane(const Shared& shared)
        : gate(real_clock()), channels(shared.seed),
          pool(shared.loop, shared.tls, shared.resolver, shared.pool),
          billing(shared.books, static_cast<unsigned>(shared.loop.index()), shared.loop),
          relay({shared.loop, shared.workers, gate, channels, billing, pool, real_clock(),
                 shared.seed + 1, shared.answers, shared.tokenizers, shared.proofs, shared.memory}),
          admin(shared.host, gate, shared.workers, shared.own_uid), memory{shared.database,
                                                                           shared.workers,
                                                                           real_clock(),
                                                                           shared.memory},
          front({shared.loop.index(), relay, admin, shared.metrics, shared.workers, shared.vitals,
                 real_clock(), gate, memory, shared.repeats, shared.shelf, shared.captures}) {}

    gate::Gate gate;
    channels::Channels channels;
    upstream::Pool pool;
    billing::Billing billing;
    relay::Relay relay;
    admin::Admin admin;
    relay::Memory memory;
    Front front;
};

}  // namespace obliv::daemon
