// Reports and the proof of the books over many calls: driven by scripts/bench_usage.
//
//   usage_bench fill FOLDER ROWS     a store of so many calls in the last thirty days
//   usage_bench report FOLDER        how long reports take, the best of five, as JSON
//   usage_bench verify FOLDER        how long the proof takes, and its memory

#include "core/llm/price.hpp"
#include "core/storage/store.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace obliv;
using namespace obliv::storage;

namespace {

constexpr std::int64_t batch = 8192;
constexpr int models = 20;
constexpr int tokens = 200;
constexpr int accounts = 20;

template <typename T>
T must(Result<T> result) {
    if (result)
        return *std::move(result);
    std::fprintf(stderr, "usage_bench: %s\n", result.error().message.c_str());
    std::exit(1);
}

void must(Result<void> result) {
    if (!result) {
        std::fprintf(stderr, "usage_bench: %s\n", result.error().message.c_str());
        std::exit(1);
    }
}

std::unique_ptr<Database> open(const std::string& folder) {
    Options options;
    options.path = folder + "/oblivd.db";
    options.master_key.fill(1);
    return must(Database::open(options));
}

/// Calls as a busy month has them: some models far more than others, each token of one user.
class Month {
public:
    explicit Month(Database& database) {
        must(database.write([&](Session& session) -> Result<void> {
            for (std::int64_t i = 0; i < accounts; ++i) {
                Account account;
                account.tenant = first_tenant;
                account.name = "bench-" + std::to_string(i);
                accounts_.push_back(must(session.accounts().insert(account)));
            }
            for (std::int64_t i = 0; i < models; ++i) {
                PriceRow row;
                row.tenant = first_tenant;
                row.model = "model-" + std::to_string(i);
                row.price.input = Money::nanos(150'000'000 * (i + 1));
                row.price.output = Money::nanos(600'000'000 * (i + 1));
                row.price.id = must(session.prices().append(row));
                prices_.push_back(row.price);
            }
            return ok();
        }));
    }

    Call call(std::int64_t id, WallTime time) {
        Call out;
        auto model = std::min(static_cast<std::size_t>(sizes_(random_)), prices_.size() - 1);
        auto token = std::uniform_int_distribution<std::int64_t>(0, tokens - 1)(random_);
        out.id = ChargeId{id};
        out.time = time;
        out.request_id = "01K0000000" + std::to_string(1'000'000'000'000'000 + id);
        out.tenant = first_tenant;
        out.account = accounts_[static_cast<std::size_t>(token) % accounts_.size()];
        out.user = UserId{token % 50 + 1};
        out.token = TokenId{token + 1};
        out.model = "model-" + std::to_string(model);
        out.model_served = out.model + "-2026";
        out.channel = ChannelId{static_cast<std::int64_t>(model % 8) + 1};
        out.source = llm::UsageSource::provider;
        out.usage.input = std::uniform_int_distribution<std::int64_t>(10, 4000)(random_);
        out.usage.output = std::uniform_int_distribution<std::int64_t>(1, 1000)(random_);
        out.price = prices_[model].id;
        out.cost = llm::cost_of(prices_[model], out.usage);
        out.held = out.cost;
        out.ttft_us = 300'000;
        out.duration_us = 1'500'000;
        out.status = id % 97 == 0 ? 502 : 200;
        out.attempts = 1;
        out.stream = true;
        out.finish_reason = "stop";
        out.client = "10.0.0.1";
        out.user_agent = "OpenAI/Python 1.99.0";
        return out;
    }

private:
    std::mt19937_64 random_{42};
    std::geometric_distribution<int> sizes_{0.25};
    std::vector<AccountId> accounts_;
    std::vector<llm::Price> prices_;
};

void fill(const std::string& folder, std::int64_t rows) {
    auto database = open(folder);
    Month month(*database);
    auto end = real_clock().wall();
    auto begin = end - std::chrono::hours(24 * 30);
    auto step = (end - begin) / rows;
    for (std::int64_t done = 0; done < rows;) {
        std::vector<Call> calls;
        for (auto last = std::min(rows, done + batch); done < last; ++done)
            calls.push_back(month.call(done + 1, begin + step * done));
        std::vector<const Call*> pointers;
        for (const auto& call : calls)
            pointers.push_back(&call);
        must(database->write([&](Session& session) -> Result<void> {
            if (auto stored = session.ledger().append(pointers); !stored)
                return stored;
            if (auto folded = session.ledger().fold(ChargeId{done}, batch); !folded)
                return folded.error();
            auto rolled = session.ledger().roll_up(ChargeId{done}, batch);
            return rolled ? ok() : Result<void>(rolled.error());
        }));
    }
}

double seconds(const std::function<void()>& work) {
    auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void report(const std::string& folder) {
    auto database = open(folder);
    struct Ask {
        const char* name;
        std::vector<UsageKey> by;
        std::chrono::hours since;
        TokenId token;
    };
    const Ask asks[] = {
        {"model,day of 30 days", {UsageKey::model, UsageKey::day}, std::chrono::hours(720), {}},
        {"token of 30 days", {UsageKey::token}, std::chrono::hours(720), {}},
        {"user,month of 30 days", {UsageKey::user, UsageKey::month}, std::chrono::hours(720), {}},
        {"channel,hour of 24 hours",
         {UsageKey::channel, UsageKey::hour},
         std::chrono::hours(24),
         {}},
        {"model of 24 hours", {UsageKey::model}, std::chrono::hours(24), {}},
        {"model of one token of 30 days", {UsageKey::model}, std::chrono::hours(720), TokenId{7}},
    };
    for (const auto& ask : asks) {
        UsageFilter filter;
        filter.since = real_clock().wall() - ask.since;
        filter.token = ask.token;
        double best = 1e9;
        std::size_t groups = 0;
        for (int i = 0; i < 5; ++i)
            best = std::min(best, seconds([&] {
                                groups = must(database->read([&](Session& session) {
                                             return session.usage().report(filter, ask.by);
                                         })).size();
                            }));
        std::printf("{\"what\":\"%s\",\"ms\":%.1f,\"groups\":%zu}\n", ask.name, best * 1e3, groups);
    }
    double best = 1e9;
    for (int i = 0; i < 3; ++i)
        best = std::min(best, seconds([&] {
                            must(database->read([](Session& session) {
                                return session.usage().business({}, false);
                            }));
                        }));
    std::printf("{\"what\":\"business by day\",\"ms\":%.1f,\"groups\":30}\n", best * 1e3);
}

void verify(const std::string& folder) {
    auto database = open(folder);
    LedgerReport found;
    auto took = seconds([&] {
        found = must(database->read([](Session& session) { return session.ledger().verify(); }));
    });
    for (const auto& problem : found.problems)
        std::fprintf(stderr, "%s\n", problem.c_str());
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    std::printf("{\"charges\":%lld,\"ok\":%s,\"seconds\":%.1f,\"mib\":%.0f}\n",
                static_cast<long long>(found.charges), found.ok() ? "true" : "false", took,
                static_cast<double>(used.ru_maxrss) / 1024.0);
}

}  // namespace

int main(int count, char** words) {
    std::string what = count > 2 ? words[1] : "";
    if (what == "fill" && count == 4)
        fill(words[2], std::atoll(words[3]));
    else if (what == "report" && count == 3)
        report(words[2]);
    else if (what == "verify" && count == 3)
        verify(words[2]);
    else
        return 2;
    return 0;
}
