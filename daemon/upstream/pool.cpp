#include "daemon/upstream/pool.hpp"

#include "daemon/upstream/connection.hpp"

#include <algorithm>
#include <unordered_map>

namespace obliv::upstream {
namespace {

struct EndpointHash {
    std::size_t operator()(const Endpoint& endpoint) const noexcept {
        auto hash = std::hash<std::string>{}(endpoint.host);
        return hash * 31 + endpoint.port * 2U + (endpoint.tls ? 1 : 0);
    }
};

}  // namespace

struct Pool::Parts {
    Parts(loop::Loop& on, Tls& by, Resolver& names, const PoolOptions& with)
        : loop(on), tls(by), resolver(names), options(with),
          timer(
              on.timers(), [](void* self) { static_cast<Parts*>(self)->expire(); }, this) {}

    Shelf& shelf_for(const Endpoint& endpoint);
    std::unique_ptr<Connection> take(Shelf& shelf);
    void give_back(std::unique_ptr<Connection> connection);
    void expire();

    loop::Loop& loop;
    Tls& tls;
    Resolver& resolver;
    PoolOptions options;
    loop::Timer timer;
    std::unordered_map<Endpoint, std::unique_ptr<Shelf>, EndpointHash> shelves;
    Shelf* latest = nullptr;  // the one asked for last, which mostly is the next one too
    std::uint64_t connected = 0;
};

Shelf& Pool::Parts::shelf_for(const Endpoint& endpoint) {
    if (latest != nullptr && latest->endpoint == endpoint)
        return *latest;
    auto& shelf = shelves[endpoint];
    if (!shelf) {
        shelf = std::make_unique<Shelf>();
        shelf->endpoint = endpoint;
        // One that no connection comes back to goes with the next look around.
        if (!timer.armed())
            timer.arm(loop.now() + options.idle_expiry);
    }
    latest = shelf.get();
    return *shelf;
}

/// The connection used last, if it is still good: bytes that came after its last reply would be
/// read as the answer to the next call, which may be another customer's. What has come is known
/// from the last turn of the loop, without a system call.
std::unique_ptr<Connection> Pool::Parts::take(Shelf& shelf) {
    while (!shelf.idle.empty()) {
        auto connection = std::move(shelf.idle.back());
        shelf.idle.pop_back();
        if (loop.turn_began() - connection->idle_since < options.idle_expiry &&
            connection->still_open())
            return connection;
    }
    return nullptr;
}

void Pool::Parts::give_back(std::unique_ptr<Connection> connection) {
    connection->rest();
    auto& shelf = connection->shelf();
    // Callers choose what is guarded: nothing of it is kept, or they could fill the table of files.
    if (shelf.endpoint.guard || shelf.idle.size() >= options.idle_max_per_endpoint)
        return;
    connection->idle_since = loop.turn_began();
    shelf.idle.push_back(std::move(connection));
    if (!timer.armed())
        timer.arm(loop.now() + options.idle_expiry);
}

void Pool::Parts::expire() {
    auto oldest = SteadyTime::max();
    latest = nullptr;
    for (auto each = shelves.begin(); each != shelves.end();) {
        auto& shelf = *each->second;
        // The longest idle ones are in front: the back is where they are taken and put.
        auto limit = loop.now() - options.idle_expiry;
        auto fresh = std::find_if(shelf.idle.begin(), shelf.idle.end(),
                                  [limit](const auto& one) { return one->idle_since > limit; });
        shelf.idle.erase(shelf.idle.begin(), fresh);
        if (!shelf.idle.empty())
            oldest = std::min(oldest, shelf.idle.front()->idle_since);
        // An endpoint that nobody uses any more may have left the configuration.
        each = shelf.users == 0 ? shelves.erase(each) : std::next(each);
    }
    if (oldest != SteadyTime::max())
        timer.arm(oldest + options.idle_expiry);
}

Pool::Pool(loop::Loop& loop, Tls& tls, Resolver& resolver, const PoolOptions& options)
    : parts_(std::make_unique<Parts>(loop, tls, resolver, options)) {}

Pool::~Pool() = default;

loop::Task<Result<Call>> Pool::open(const Endpoint& endpoint, std::string_view method,
                                    std::span<const std::string_view> request,
                                    const Timeouts& timeouts, Cancel* cancel,
                                    std::string_view mapped) {
    auto& parts = *parts_;
    auto total_end = SteadyTime::max();
    if (timeouts.total.count() > 0)
        total_end = parts.loop.turn_began() + timeouts.total;
    auto& shelf = parts.shelf_for(endpoint);
    auto connection = parts.take(shelf);
    bool reused = connection != nullptr;
    for (;;) {
        if (!connection)
            connection = std::make_unique<Connection>(parts.loop, parts.tls, parts.resolver, shelf,
                                                      parts.options.head);
        connection->pool = this;
        connection->begin(timeouts, total_end, cancel);
        if (!reused) {
            auto connected = co_await connection->connect();
            if (!connected)
                co_return connected.error();
            ++parts.connected;
        }
        auto answered = co_await connection->exchange(method, request, mapped);
        if (answered)
            co_return Call(std::move(connection));
        if (!reused || !connection->died_unheard())
            co_return answered.error();
        // It was closed while it rested, which says nothing about the upstream.
        reused = false;
        connection.reset();
    }
}

SteadyTime Pool::now() const noexcept {
    return parts_->loop.now();
}

std::size_t Pool::idle() const noexcept {
    std::size_t count = 0;
    for (const auto& [endpoint, shelf] : parts_->shelves)
        count += shelf->idle.size();
    return count;
}

std::uint64_t Pool::connected() const noexcept {
    return parts_->connected;
}

void Pool::clear() {
    for (auto& [endpoint, shelf] : parts_->shelves)
        shelf->idle.clear();
}

Cancel::~Cancel() {
    if (connection_ != nullptr)
        connection_->cancel_ = nullptr;
}

void Cancel::cancel() noexcept {
    cancelled_ = true;
    if (connection_ != nullptr)
        connection_->cancel();
}

Call::Call() noexcept = default;

Call::Call(std::unique_ptr<Connection> connection) noexcept
    : connection_(std::move(connection)), status_(connection_->head().status) {}

Call::Call(Call&& other) noexcept
    : connection_(std::move(other.connection_)), status_(other.status_) {}

Call& Call::operator=(Call&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(status_, other.status_);
    return *this;
}

Call::~Call() {
    if (connection_ && connection_->reusable())
        connection_->pool->parts_->give_back(std::move(connection_));
}

const http::ResponseHead& Call::head() const noexcept {
    return connection_->head();
}

loop::Task<Result<void>> Call::next() {
    return connection_->next();
}

std::optional<Result<void>> Call::try_next() {
    return connection_->try_next();
}

const Chunk& Call::chunk() const noexcept {
    return connection_->chunk();
}

loop::Task<Result<std::string_view>> Call::read_all(std::size_t bytes_max) {
    return connection_->read_all(bytes_max);
}

loop::Task<Result<void>> Call::send(std::string_view bytes) {
    return connection_->send_more(bytes);
}

bool Call::try_send(std::string_view bytes) noexcept {
    return connection_->try_send(bytes);
}

void Call::end_here() noexcept {
    connection_->end_here();
}

void Call::cancel() noexcept {
    if (connection_)
        connection_->cancel();
}

}  // namespace obliv::upstream
