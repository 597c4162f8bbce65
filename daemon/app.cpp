#include "daemon/app.hpp"

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/base/time_format.hpp"
#include "core/config/load.hpp"
#include "core/tokenizer/tokenizers.hpp"
#include "daemon/app/books_watch.hpp"
#include "daemon/app/capture.hpp"
#include "daemon/app/channel_log.hpp"
#include "daemon/app/health_checks.hpp"
#include "daemon/app/host.hpp"
#include "daemon/app/keeper.hpp"
#include "daemon/app/notice_desk.hpp"
#include "daemon/app/price_alarm.hpp"
#include "daemon/app/pulse.hpp"
#include "daemon/app/upkeep.hpp"
#include "daemon/live/counters.hpp"
#include "daemon/ops/state_folder.hpp"
#include "daemon/relay/proofs.hpp"
#include "daemon/server/bodies.hpp"
#include "daemon/upstream/guard.hpp"
#include "daemon/upstream/resolver.hpp"
#include "daemon/upstream/tls.hpp"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace obliv::daemon {
namespace {

constexpr std::size_t worker_threads = 4;
constexpr std::size_t worker_queue_max = 1024;
constexpr auto patience = std::chrono::seconds(20);
constexpr auto end_of_exchanges = std::chrono::seconds(5);

cache::CacheUse cache_use(std::string_view word) {
    if (word == "exact")
        return cache::CacheUse::exact;
    return word == "semantic" ? cache::CacheUse::semantic : cache::CacheUse::off;
}

cache::Rules cache_rules(const config::Cache& config) {
    cache::Rules out;
    for (const auto& [model, how] : config.models)
        out.models.emplace_back(model, cache_use(how));
    out.limits = {static_cast<std::size_t>(config.entries), static_cast<std::size_t>(config.bytes),
                  config.ttl, config.stale};
    out.answer_bytes_max = static_cast<std::size_t>(config.answer_bytes);
    out.scope = static_cast<cache::Scope>(config.scope);
    out.share_millionths = config.price_percent * 10'000;
    out.single_flight = config.single_flight == config::Switch::on;
    out.embedding_model = config.embedding_model;
    out.similarity = static_cast<double>(config.similarity_permille) / 1000.0;
    return out;
}
static_assert(static_cast<int>(cache::Scope::everyone) ==
              static_cast<int>(config::CacheScope::everyone));

relay::UpstreamSettings upstream_settings(const config::Config& config) {
    relay::UpstreamSettings out;
    out.timeouts = {config.upstream.connect_timeout, config.upstream.first_byte_timeout,
                    config.upstream.idle_timeout, config.upstream.total_timeout};
    out.attempts = static_cast<int>(config.upstream.attempts);
    out.retry_pause_first = config.upstream.retry_pause_first;
    out.retry_pause_last = config.upstream.retry_pause_last;
    out.proxy = config.upstream.proxy;
    for (const auto& [model, others] : config.routing.fallbacks)
        for (auto other : split(others, ','))
            out.fallbacks[model].emplace_back(trim(other));
    out.output_tokens_default = config.billing.output_tokens_default;
    out.hidden_reasoning_rate = config.billing.hidden_reasoning_rate;
    out.heartbeat_interval = config.server.heartbeat_interval;
    out.cache = cache_rules(config.cache);
    out.continued = config.routing.continued;
    for (const auto& [model, after] : config.routing.hedges) {
        relay::Hedge hedge{model, {}};
        if (auto span = parse_duration(after); span && after != "p95")
            hedge.after = *span;
        out.hedges.push_back(std::move(hedge));
    }
    auto guard = upstream::Guard::make(config.fetch.allow);
    check(guard.has_value(), "what may be fetched was checked with the configuration");
    out.downloads.guard = std::make_shared<const upstream::Guard>(std::move(*guard));
    out.downloads.bytes_max = static_cast<std::size_t>(config.fetch.bytes);
    out.downloads.time_max = config.fetch.timeout;
    return out;
}

/// Decimals to millionths; their form was checked with the configuration.
billing::GroupShares group_shares(const config::Config& config) {
    billing::GroupShares shares;
    for (const auto& [group, multiplier] : config.billing.group_multipliers)
        shares[group] = Money::parse(multiplier).value_or(Money::dollars(1)).nanos() / 1000;
    return shares;
}

channels::RoutingSettings routing_settings(const config::Config& config) {
    channels::RoutingSettings out;
    out.strategy = static_cast<channels::Strategy>(config.routing.strategy);
    for (const auto& [priority, name] : config.routing.tiers) {
        bool negative = priority.starts_with('-');
        auto number = parse_int(negative ? priority.substr(1) : priority).value_or(0);
        auto strategy = channels::strategy_from_name(name).value_or(out.strategy);
        out.tiers.emplace(static_cast<int>(negative ? -number : number), strategy);
    }
    out.affinity = config.routing.affinity != config::Affinity::off;
    out.token_affinity = config.routing.affinity == config::Affinity::token;
    return out;
}
static_assert(static_cast<int>(channels::Strategy::lowest_price) ==
              static_cast<int>(config::Strategy::lowest_price));

std::vector<std::string> names_in(std::string_view list) {
    std::vector<std::string> out;
    for (auto name : split(list, ','))
        if (!trim(name).empty())
            out.emplace_back(trim(name));
    return out;
}

CaptureRules capture_rules(const config::Config& config) {
    const auto& capture = config.capture;
    return {names_in(capture.models),
            names_in(capture.tokens),
            names_in(capture.readers),
            names_in(capture.redact),
            static_cast<std::size_t>(capture.bytes),
            capture.total_bytes,
            capture.retention,
            capture.memory};
}

BooksWatch::Settings watch_settings(const config::Config& config) {
    return {config.billing.watch_interval, config.billing.on_gap == config::OnGap::stop};
}

Keeper::Settings keeper_settings(const config::Config& config) {
    const auto& billing = config.billing;
    return {static_cast<int>(config.usage.months_kept), watch::time_of_day(billing.verify_at),
            watch::time_of_day(billing.reconcile_at), billing.reconcile_folder};
}

CheckSettings check_settings(const config::Config& config) {
    return {config.health.check_interval, config.health.check_timeout, config.health.check_retry,
            config.health.recheck_interval};
}

std::uint64_t random_seed() {
    std::array<std::uint8_t, 8> bytes{};
    random_bytes(bytes);
    std::uint64_t seed = 0;
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::uint8_t*>(&seed));
    return seed;
}

server::Limits server_limits(const config::Config& config) {
    server::Limits out;
    out.head.bytes_max = static_cast<std::size_t>(config.limits.head_bytes);
    out.head.headers_max = static_cast<std::size_t>(config.limits.headers);
    out.body_bytes_max = static_cast<std::uint64_t>(config.limits.body_bytes);
    out.connections_max = static_cast<std::size_t>(config.limits.connections);
    out.head_timeout = config.limits.head_timeout;
    out.body_timeout = config.limits.body_timeout;
    out.body_rate_min = static_cast<std::uint64_t>(config.limits.body_rate);
    out.idle_timeout = config.limits.keep_alive_timeout;
    out.write_timeout = config.limits.write_timeout;
    return out;
}

billing::BooksOptions books_options(const config::Config& config, std::size_t loops) {
    billing::BooksOptions out;
    out.ring_path = config.server.data_dir + "/intent.ring";
    out.ring_slots = static_cast<std::uint32_t>(config.billing.ring_slots);
    out.loops = static_cast<unsigned>(loops);
    out.unpriced = static_cast<billing::Unpriced>(config.billing.unpriced);
    out.durability = static_cast<billing::Durability>(config.billing.durability);
    out.hold_limit = std::max(config.billing.hold_limit, config.upstream.total_timeout);
    return out;
}
static_assert(static_cast<int>(billing::Unpriced::refuse) ==
              static_cast<int>(config::Unpriced::refuse));
static_assert(static_cast<int>(billing::Durability::power) ==
              static_cast<int>(config::Durability::power));

Result<std::unique_ptr<storage::Database>> open_database(const config::Config& config) {
    auto exists = std::filesystem::exists(config.storage.path);
    auto keys = ops::master_keys(config, !exists);
    if (!keys)
        return keys.error();
    storage::Options options;
    options.path = config.storage.path;
    options.master_key = keys->current;
    options.readers = static_cast<int>(config.storage.readers);
    return storage::Database::open(options);
}

/// The last day of earlier runs.
Result<void> prime(live::Counters& counters, storage::Database& database) {
    using storage::UsageKey;
    storage::UsageFilter day;
    day.since = real_clock().wall() - std::chrono::hours(24);
    auto read = [&](UsageKey key) {
        return database.read([&](storage::Session& session) {
            return session.usage().report(day, {UsageKey::hour, key});
        });
    };
    for (auto [by, key] :
         {std::pair(live::By::model, UsageKey::model),
          std::pair(live::By::channel, UsageKey::channel),
          std::pair(live::By::token, UsageKey::token), std::pair(live::By::user, UsageKey::user)}) {
        auto groups = read(key);
        if (!groups)
            return groups.error();
        for (const auto& group : *groups) {
            auto hour = parse_rfc3339(group.key[0]);
            auto past = live::past(group);
            if (hour && by == live::By::model)
                counters.add_past(*hour, past);
            if (hour && group.key[1] != "0")
                counters.add_past(by, group.key[1], *hour, past);
        }
    }
    return ok();
}

void report(const billing::Recovery& recovery) {
    if (recovery.replayed + recovery.released + recovery.damaged == 0)
        return;
    auto level = recovery.damaged > 0 ? log::Level::err : log::Level::notice;
    log::write(level, "recovered what the last run left open",
               {{"replayed", recovery.replayed},
                {"released", recovery.released},
                {"damaged", recovery.damaged}});
}

}  // namespace

/// In the order in which the parts are built; they go in reverse.
struct App::Parts {
    config::Config config;
    Options options;
    std::optional<ops::StateFolder> folder;
    tokenizer::Tokenizers tokenizers;
    std::unique_ptr<server::Bodies> bodies;
    std::unique_ptr<storage::Database> database;
    live::Counters live{real_clock()};
    std::unique_ptr<loop::Loops> loops;
    relay::Proofs proofs;  // before the workers, which may be reading it
    std::unique_ptr<billing::Books> books;
    std::unique_ptr<loop::BlockingPool> workers;
    std::unique_ptr<CaptureDesk> captures;
    std::unique_ptr<upstream::Tls> tls;
    std::unique_ptr<upstream::Resolver> resolver;
    std::unique_ptr<metrics::Metrics> metrics;
    std::unique_ptr<cache::AnswerCache> answers;
    relay::Repeats repeats;
    std::unique_ptr<relay::Shelf> shelf;
    std::unique_ptr<ChannelLog> channel_log;
    std::unique_ptr<NoticeDesk> notices;
    std::unique_ptr<Publisher> publisher;
    std::unique_ptr<PriceAlarm> price_alarm;
    std::unique_ptr<Upkeep> expiry;
    std::unique_ptr<BooksWatch> books_watch;
    std::unique_ptr<Upkeep> watching;
    std::unique_ptr<Keeper> keeper;
    std::unique_ptr<Upkeep> keeping;
    std::atomic<bool> draining{false};
    std::unique_ptr<LiveVitals> vitals;
    std::unique_ptr<LiveHost> host;
    std::vector<std::unique_ptr<Lane>> lanes;
    std::unique_ptr<server::Server> server;
    std::unique_ptr<Pulse> pulse;
    std::unique_ptr<HealthChecks> checks;
    bool running = false;

    Result<void> open_tokenizers();
    Result<void> open_state();
    void build_services();
    Result<void> listen();
    Result<void> listen_passed();
    Result<void> publish_all();
};

// Without its vocabularies the daemon still serves and bills: what it would count, it estimates.
// What the configuration names has to be there.
Result<void> App::Parts::open_tokenizers() {
    auto opened = tokenizer::Tokenizers::open(tokenizer::Tokenizers::installed_folder());
    if (opened)
        tokenizers = std::move(*opened);
    else
        log::write(log::Level::warning, "tokens are estimated: " + opened.error().message, {});
    for (const auto& [model, source] : config.tokenizers.models)
        if (auto assigned = tokenizers.assign(model, source); !assigned)
            return fail(Code::config_invalid, "tokenizers.models: " + assigned.error().message);
    return ok();
}

Result<void> App::Parts::open_state() {
    auto opened = ops::StateFolder::open(config.server.data_dir);
    if (!opened)
        return opened.error();
    folder.emplace(std::move(*opened));
    if (auto counted = open_tokenizers(); !counted)
        return counted;
    auto store = open_database(config);
    if (!store)
        return store.error();
    database = std::move(*store);
    loops = std::make_unique<loop::Loops>(static_cast<std::size_t>(config.server.threads));
    auto opened_books = billing::Books::open(*database, books_options(config, loops->size()));
    if (!opened_books)
        return opened_books.error();
    books = std::move(*opened_books);
    report(books->recovery());
    if (auto primed = prime(live, *database); !primed)
        return primed;
    books->on_stored([this](std::span<const storage::Appended> calls) { live.add(calls); });
    return ok();
}

void App::Parts::build_services() {
    auto now = real_clock().wall();
    workers = std::make_unique<loop::BlockingPool>("worker", worker_threads, worker_queue_max);
    bodies = std::make_unique<server::Bodies>(config.server.data_dir, config.limits.body_memory,
                                              config.limits.body_disk);
    bodies->set_reserve(config.limits.disk_reserve);
    bodies->compare_with_disk();
    shelf = std::make_unique<relay::Shelf>(
        *database, *workers, new_sortable_id(now), [this] { return books->next_id(); },
        real_clock());
    captures = std::make_unique<CaptureDesk>(*database, *workers);
    captures->set(capture_rules(config));
    tls = std::make_unique<upstream::Tls>(upstream::TlsOptions{config.upstream.ca_file});
    resolver = std::make_unique<upstream::Resolver>();
    metrics = std::make_unique<metrics::Metrics>(loops->size());
    answers = std::make_unique<cache::AnswerCache>();
    channel_log = std::make_unique<ChannelLog>(*database, *workers);
    notices = std::make_unique<NoticeDesk>(*database, *books, config.notices);
    channel_log->listen([this](const channels::Event& event) { notices->channel_event(event); });
    publisher = std::make_unique<Publisher>(*database, *books, *loops, *channel_log);
    price_alarm =
        std::make_unique<PriceAlarm>((*loops)[0], *workers, [this] { return publisher->prices(); });
    expiry = std::make_unique<Upkeep>((*loops)[0], *workers,
                                      "money that has expired is not booked out yet",
                                      [this]() -> Result<void> {
                                          auto done = books->expire();
                                          return done ? ok() : Result<void>(done.error());
                                      });
    books_watch = std::make_unique<BooksWatch>(*books, *notices, watch_settings(config));
    watching = std::make_unique<Upkeep>((*loops)[0], *workers, "the books are not compared",
                                        [this]() -> Result<void> {
                                            books_watch->tick();
                                            return ok();
                                        });
    keeper = std::make_unique<Keeper>(
        Keeper::Parts{*database, *books, *notices, *publisher, *captures}, keeper_settings(config));
    keeping =
        std::make_unique<Upkeep>((*loops)[0], *workers, "what is too old could not be removed yet",
                                 [this] { return keeper->tick(); });
    publisher->on_prices([this](std::optional<WallTime> next) { price_alarm->set(next); });
    vitals = std::make_unique<LiveVitals>(LiveVitals::Parts{
        *database, *books, *publisher, *metrics, *workers, *answers, *notices, draining, now});
    host = std::make_unique<LiveHost>(LiveHost::Parts{*database, tokenizers, live, *captures,
                                                      *books, *publisher, *loops, *vitals, *notices,
                                                      options, draining, now});
    upstream::PoolOptions pool;
    pool.idle_max_per_endpoint = static_cast<std::size_t>(config.upstream.pool_connections);
    pool.idle_expiry = config.upstream.pool_idle_timeout;
    std::vector<server::Service*> services;
    std::vector<Readers> readers;
    for (std::size_t i = 0; i < loops->size(); ++i) {
        auto seed = random_seed();
        Lane::Shared shared{(*loops)[i], *workers,    *books,         *database, tokenizers,
                            *tls,        *resolver,   pool,           *host,     *metrics,
                            *vitals,     ::geteuid(), seed,           *answers,  repeats,
                            *shelf,      proofs,      bodies->memory, *captures};
        lanes.push_back(std::make_unique<Lane>(shared));
        services.push_back(&lanes.back()->front);
        readers.push_back({lanes.back()->gate, lanes.back()->channels, lanes.back()->relay});
    }
    publisher->attach(std::move(readers));
    host->attach(&lanes);
    server = std::make_unique<server::Server>(*loops, std::move(services), server_limits(config),
                                              bodies.get());
    vitals->attach(server.get(), &lanes);
    pulse = std::make_unique<Pulse>(*loops, *workers, *database);
    checks = std::make_unique<HealthChecks>(
        HealthChecks::Parts{*publisher, *tls, *resolver, pool, random_seed()},
        check_settings(config));
}

Result<void> App::Parts::listen_passed() {
    for (int descriptor : options.sockets.api)
        if (auto done = server->listen_on(descriptor, "api"); !done)
            return done;
    for (int descriptor : options.sockets.admin)
        if (auto done = server->listen_on(descriptor, "admin"); !done)
            return done;
    for (int descriptor : options.sockets.metrics)
        if (auto done = server->listen_on(descriptor, "metrics"); !done)
            return done;
    return ok();
}

/// What the service manager holds for us is not bound again.
Result<void> App::Parts::listen() {
    if (auto done = listen_passed(); !done)
        return done;
    auto bind = [&](const std::vector<config::Endpoint>& endpoints,
                    const char* name) -> Result<void> {
        for (const auto& endpoint : endpoints) {
            auto port = server->listen_tcp(endpoint.host, endpoint.port, name);
            if (!port)
                return port.error();
            auto bound = endpoint;
            bound.port = *port;
            log::write(log::Level::notice, "listening", {{"address", bound.text()}, {"for", name}});
        }
        return ok();
    };
    if (options.sockets.api.empty())
        if (auto done = bind(config.server.listen, "api"); !done)
            return done;
    if (options.sockets.metrics.empty())
        if (auto done = bind(config.metrics.listen, "metrics"); !done)
            return done;
    if (!options.sockets.admin.empty() || config.server.socket.empty())
        return ok();
    log::write(log::Level::notice, "listening", {{"socket", config.server.socket}});
    return server->listen_unix(config.server.socket, "admin");
}

Result<void> App::Parts::publish_all() {
    answers->set_limits(cache_rules(config.cache).limits);
    publisher->settings(upstream_settings(config), routing_settings(config));
    books->set_group_shares(group_shares(config));
    if (auto done = publisher->accounts(); !done)
        return done;
    if (auto done = publisher->prices(); !done)
        return done;
    if (auto done = publisher->tokens(); !done)
        return done;
    return publisher->channels();
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() {
    stop();
}

Result<std::unique_ptr<App>> App::create(const config::Config& config, Options options) {
    auto parts = std::make_unique<Parts>();
    parts->config = config;
    parts->options = std::move(options);
    if (auto done = parts->open_state(); !done)
        return done.error();
    parts->build_services();
    std::unique_ptr<App> app(new App(std::move(parts)));
    if (auto done = app->parts_->listen(); !done)
        return done.error();
    return app;
}

Result<void> App::start() {
    if (auto done = parts_->publish_all(); !done)
        return done;
    parts_->loops->start();
    parts_->running = true;
    // Before anybody can bring money in or spend it.
    parts_->notices->start();
    parts_->server->start();
    parts_->checks->start();
    parts_->expiry->start();
    parts_->watching->start();
    parts_->keeping->start();
    return ok();
}

Result<ops::ReloadReport> App::reload(const config::Config& config) {
    ops::ReloadReport report;
    report.needs_restart = config::needs_restart(parts_->config, config);
    log::set_level(config.log.level);
    parts_->server->set_limits(server_limits(config));
    parts_->bodies->memory.set_most(config.limits.body_memory);
    parts_->bodies->disk.set_most(config.limits.body_disk);
    parts_->bodies->set_reserve(config.limits.disk_reserve);
    parts_->bodies->compare_with_disk();
    parts_->answers->set_limits(cache_rules(config.cache).limits);
    parts_->publisher->settings(upstream_settings(config), routing_settings(config));
    if (parts_->checks)
        parts_->checks->set(check_settings(config));
    parts_->captures->set(capture_rules(config));
    parts_->books_watch->set(watch_settings(config));
    parts_->keeper->set(keeper_settings(config));
    parts_->config = config;
    parts_->books->set_group_shares(group_shares(config));
    if (auto done = parts_->publisher->tokens(); !done)
        return done.error();
    return report;
}

void App::drain() {
    parts_->draining = true;
    parts_->server->stop_accepting();
}

bool App::drained() const {
    // Not exchanges(): a request that is on its way in belongs to a connection only.
    return parts_->server->connections() == 0;
}

void App::stop() {
    auto& parts = *parts_;
    if (parts.running) {
        parts.draining = true;
        parts.server->stop_accepting();
        parts.checks->stop();
        // Streams that are left get an error event and are settled; then nothing may speak any
        // more.
        parts.server->cancel_all();
        auto deadline = Deadline::after(real_clock(), end_of_exchanges);
        while (parts.server->exchanges() > 0 && !deadline.passed(real_clock().steady()))
            ::usleep(10'000);
        parts.server->close_all();
        parts.workers->stop();
        parts.bodies->stop();
        parts.notices->stop();
        parts.loops->stop();
        parts.loops->join();
        parts.running = false;
    }
    if (parts.database)
        parts.database->writer().stop();
}

ops::Status App::status() const {
    ops::Status status;
    status.requests_in_flight = parts_->vitals->requests_in_flight();
    for (const auto& entry : parts_->publisher->channel_table()->entries()) {
        ++(entry->up(real_clock().steady()) ? status.channels_up : status.channels_down);
    }
    return status;
}

bool App::healthy() {
    return parts_->pulse->alive(patience);
}

}  // namespace obliv::daemon
