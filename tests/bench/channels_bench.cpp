// Choosing one of many channels: how long it takes, and how much memory the channels hold. Ends
// with 10 where a choice takes 5 us or more of the processor's time, or the channels 50 MB or more.
//
//     channels_bench [CHANNELS]

#include "daemon/channels/channels.hpp"

#include <malloc.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace obliv;
using Steady = std::chrono::steady_clock;

constexpr double choice_ns_max = 5000;
constexpr std::size_t bytes_max = 50'000'000;
constexpr int failed_gate = 10;

namespace {

std::size_t heap_bytes() {
    return ::mallinfo2().uordblks;
}

std::vector<storage::Channel> make_rows(std::int64_t count) {
    std::vector<storage::Channel> rows;
    for (std::int64_t id = 1; id <= count; ++id) {
        storage::Channel row;
        row.id = ChannelId{id};
        row.name = "channel-" + std::to_string(id);
        row.type = "openai";
        row.base_url = "https://provider-" + std::to_string(id) + ".example/v1";
        row.keys.emplace_back("sk-0123456789abcdef0123456789abcdef" + std::to_string(id));
        row.models = {"gpt-4o*", "o3-mini"};
        row.weight = 1 + static_cast<int>(id % 7);
        rows.push_back(std::move(row));
    }
    return rows;
}

/// Of this thread: what others do on the machine does not count.
double processor_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Whether it is quick enough.
bool measure(const std::shared_ptr<const channels::ChannelTable>& table,
             channels::Strategy strategy, bool affinity) {
    channels::RoutingSettings routing;
    routing.strategy = strategy;
    routing.affinity = affinity;
    channels::Channels chooser(1);
    chooser.publish(table, routing);
    channels::Wish wish;
    wish.group = "default";
    wish.model = "gpt-4o-mini";
    auto now = Steady::now();
    static_cast<void>(chooser.route(wish));  // makes the plan
    constexpr int rounds = 200'000;
    std::int64_t sum = 0;
    auto begin = processor_ns();
    for (int i = 0; i < rounds; ++i) {
        wish.affinity = affinity ? static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL + 1 : 0;
        auto candidates = chooser.route(wish);
        sum += candidates->next(now)->entry->channel.id.value;
    }
    auto took = processor_ns() - begin;
    std::printf("%-16s %-9s %8.0f ns a choice   (checksum %lld)\n",
                std::string(name_of(strategy)).c_str(), affinity ? "affinity" : "", took / rounds,
                static_cast<long long>(sum));
    return took / rounds < choice_ns_max;
}

}  // namespace

int main(int argc, char** argv) {
    auto count = argc > 1 ? std::atoll(argv[1]) : 10'000;
    auto before = heap_bytes();
    std::shared_ptr<const channels::ChannelTable> table;
    {
        auto rows = make_rows(count);
        table = channels::ChannelTable::build(rows, nullptr);
    }
    ::malloc_trim(0);
    channels::Channels chooser(1);
    chooser.publish(table);
    channels::Wish wish;
    wish.group = "default";
    wish.model = "gpt-4o-mini";
    static_cast<void>(chooser.route(wish));
    auto held = heap_bytes() - before;
    std::printf("%lld channels: %.1f MB with the plan of one model\n",
                static_cast<long long>(count), static_cast<double>(held) / 1e6);
    bool good = held < bytes_max;
    for (int i = 0; i <= static_cast<int>(channels::Strategy::lowest_price); ++i)
        good = measure(table, static_cast<channels::Strategy>(i), false) && good;
    good = measure(table, channels::Strategy::weighted_random, true) && good;
    return good ? 0 : failed_gate;
}
