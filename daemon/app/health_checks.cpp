#include "daemon/app/health_checks.hpp"

#include "core/base/log.hpp"
#include "daemon/app/channel_test.hpp"
#include "daemon/app/provider_fetch.hpp"

#include <algorithm>

namespace obliv::daemon {
namespace {

constexpr std::size_t threads = 8;
constexpr std::size_t queue_max = 1024;
constexpr auto longest_nap = std::chrono::milliseconds(1000);
constexpr int server_error = 500;
constexpr int intervals_for_money = 3;
// Of a channel with more keys the first ones tell enough.
constexpr std::size_t keys_asked_for_money_max = 16;

/// How long a channel is left alone: three failed checks that take their time still end within the
/// interval.
std::chrono::milliseconds period(const CheckSettings& settings) {
    return std::max(settings.interval / 2, settings.interval - 2 * settings.retry -
                                               3 * settings.timeout - 5 * longest_nap);
}

/// A model that the channel is sure to know, by its upstream name; empty: none is named in full.
std::string model_of(const channels::Entry& entry) {
    for (const auto& pattern : entry.patterns)
        if (pattern.kind() == llm::ModelPattern::Kind::exact)
            return pattern.text();
    const auto& aliases = entry.channel.aliases;
    return aliases.empty() ? std::string() : aliases.begin()->second;
}

bool any_refused(const channels::Keys& keys, SteadyTime now) {
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (keys[i].state(now) == channels::Key::State::refused)
            return true;
    return false;
}

/// What is wrong with the channel by this test; empty: nothing. A refusal is an answer, too: the
/// channel is alive.
std::string problem_of(const Result<admin::ChannelTest>& test) {
    if (!test)
        return test.error().message;
    if (test->status == 0 || test->status >= server_error)
        return test->error.empty() ? "it answered " + std::to_string(test->status) : test->error;
    return {};
}

/// What the operator switched off is nobody's business, least of all to switch it on again.
bool is_checked(const channels::Entry& entry) {
    return entry.channel.enabled && entry.provider != nullptr &&
           entry.channel.settings.check != storage::Check::none;
}

bool tells_money(const channels::Entry& entry) {
    return providers::find_offer(*entry.provider, providers::Operation::balance) != nullptr;
}

/// Money runs out slower than channels break.
std::chrono::milliseconds money_interval(const CheckSettings& settings, double share = 1) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(settings.interval *
                                                                 intervals_for_money * share);
}

}  // namespace

std::size_t key_to_test(const channels::Keys& keys) {
    auto now = real_clock().steady();
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (keys[i].state(now) == channels::Key::State::refused)
            return i;
    return 0;
}

void restore(const channels::Entry& entry, std::size_t key) {
    entry.health->set_down(false, "a test went well", real_clock().steady());
    if (key < entry.keys->size() && entry.keys->wake(key))
        entry.health->tell(channels::EventKind::key_wakes, {},
                           "key " + (*entry.keys)[key].id() + ": a test went well");
}

CheckPlan::CheckPlan(SteadyTime now, const CheckSettings& settings, double spread)
    : next_(now +
            std::chrono::duration_cast<std::chrono::milliseconds>(period(settings) * spread)) {}

bool CheckPlan::due(const channels::Health& health, const CheckSettings& settings, SteadyTime now) {
    if (now < next_)
        return false;
    auto fresh_until = health.last_good() + period(settings);
    if (!health.down() && failures_ == 0 && fresh_until > now) {
        next_ = fresh_until;
        return false;
    }
    return true;
}

void CheckPlan::done(channels::Health& health, const std::string& problem,
                     const CheckSettings& settings, SteadyTime now) {
    if (problem.empty()) {
        failures_ = 0;
        next_ = now + period(settings);
        if (health.down())
            health.set_down(false, "a check went well", now);
        return;
    }
    ++failures_;
    if (failures_ >= limits::check_failures)
        health.set_down(true, problem, now);
    next_ = now + (health.down() ? settings.recheck : settings.retry);
}

HealthChecks::HealthChecks(const Parts& parts, const CheckSettings& settings)
    : parts_(parts), loops_(1), pool_(loops_[0], parts.tls, parts.resolver, parts.pool),
      settings_(settings), random_(parts.seed) {}

HealthChecks::~HealthChecks() {
    stop();
}

void HealthChecks::start() {
    loops_.start();
    workers_ = std::make_unique<loop::BlockingPool>("checks", threads, queue_max);
    thread_ = std::thread([this] { run(); });
}

void HealthChecks::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable())
        thread_.join();
    // The loop first: what waits for a provider that does not answer is forgotten with it.
    loops_.stop();
    loops_.join();
    if (workers_)
        workers_->stop();
}

void HealthChecks::set(const CheckSettings& settings) {
    std::lock_guard lock(mutex_);
    settings_ = settings;
    watched_.clear();
}

void HealthChecks::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        auto nap = std::min({longest_nap, settings_.interval, settings_.retry, settings_.recheck});
        wake_.wait_for(lock, nap, [this] { return stopping_; });
        if (stopping_)
            return;
        lock.unlock();
        auto table = parts_.publisher.channel_table();
        lock.lock();
        auto now = real_clock().steady();
        std::erase_if(watched_,
                      [&](const auto& each) { return table->find(each.first) == nullptr; });
        for (const auto& entry : table->entries())
            look_at(entry, now);
    }
}

void HealthChecks::look_at(const std::shared_ptr<const channels::Entry>& entry, SteadyTime now) {
    if (!is_checked(*entry))
        return;
    auto key_settings = settings_;
    key_settings.interval = settings_.recheck;
    auto found = watched_.find(entry->channel.id);
    if (found == watched_.end())
        found = watched_
                    .emplace(entry->channel.id,
                             Watched{CheckPlan(now, settings_, random_.unit()),
                                     CheckPlan(now, key_settings, random_.unit()),
                                     now + money_interval(settings_, random_.unit())})
                    .first;
    auto& watched = found->second;
    if (watched.running)
        return;
    // First, or checks that come fast would leave it no turn.
    if (now >= watched.money_at && tells_money(*entry))
        begin(entry, Task::money);
    else if (watched.plan.due(*entry->health, settings_, now))
        begin(entry, Task::channel);
    else if (any_refused(*entry->keys, now) &&
             watched.keys.due(channels::Health(), key_settings, now))
        begin(entry, Task::key);
}

/// With the mutex held.
void HealthChecks::begin(const std::shared_ptr<const channels::Entry>& entry, Task task) {
    watched_.at(entry->channel.id).running = true;
    auto posted = workers_->post([this, entry, task] {
        if (task == Task::key)
            check_key(*entry);
        else if (task == Task::money)
            ask_for_money(*entry);
        else
            check_channel(*entry);
    });
    if (!posted)
        watched_.at(entry->channel.id).running = false;
}

void HealthChecks::check_channel(const channels::Entry& entry) {
    CheckSettings settings;
    {
        std::lock_guard lock(mutex_);
        settings = settings_;
    }
    Question probe;
    probe.list_models = entry.channel.settings.check == storage::Check::models;
    probe.limit = settings.timeout;
    probe.model = model_of(entry);
    bool can_list = providers::find_offer(*entry.provider, providers::Operation::models) != nullptr;
    bool possible = probe.list_models ? can_list : !probe.model.empty();
    std::string problem;
    if (possible) {
        auto target = relay::make_target(entry, parts_.publisher.settings());
        auto test = test_channel(loops_[0], pool_, std::move(target), entry, probe);
        problem = problem_of(test);
    }
    std::lock_guard lock(mutex_);
    auto found = watched_.find(entry.channel.id);
    if (found == watched_.end() || stopping_)
        return;
    found->second.running = false;
    found->second.plan.done(*entry.health, problem, settings_, real_clock().steady());
}

/// A key that was refused is tried by a real call: a list of models would not tell.
void HealthChecks::check_key(const channels::Entry& entry) {
    Question probe;
    probe.model = model_of(entry);
    probe.key = key_to_test(*entry.keys);
    {
        std::lock_guard lock(mutex_);
        probe.limit = settings_.timeout;
    }
    bool good = false;
    if (!probe.model.empty()) {
        auto target = relay::make_target(entry, parts_.publisher.settings());
        auto test = test_channel(loops_[0], pool_, std::move(target), entry, probe);
        good = test && test->ok;
    }
    if (good)
        restore(entry, probe.key);
    std::lock_guard lock(mutex_);
    auto found = watched_.find(entry.channel.id);
    if (found == watched_.end())
        return;
    channels::Health nobody;
    auto key_settings = settings_;
    key_settings.interval = settings_.recheck;
    found->second.running = false;
    found->second.keys.done(nobody, {}, key_settings, real_clock().steady());
}

/// What does not answer keeps its last figure: a check says that it is dead, this does not.
void HealthChecks::ask_for_money(const channels::Entry& entry) {
    auto keys = std::min(entry.keys->size(), keys_asked_for_money_max);
    for (std::size_t i = 0; i < keys; ++i) {
        auto target = relay::make_target(entry, parts_.publisher.settings());
        if (auto told = fetch_balance(loops_[0], pool_, std::move(target), entry, i))
            entry.keys->quota(i).set_money(*told);
    }
    std::lock_guard lock(mutex_);
    auto found = watched_.find(entry.channel.id);
    if (found == watched_.end())
        return;
    found->second.running = false;
    found->second.money_at = real_clock().steady() + money_interval(settings_);
}

}  // namespace obliv::daemon
