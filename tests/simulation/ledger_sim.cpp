// The money under a deterministic simulation: random operations over the real billing and storage
// code, with kills, power cuts and failing disks between and inside them, compared with a model.
//
//     ledger_sim [--operations N] [--seed S] [--life N] [--twice]
//
// Each life of --life operations has its own books and its own seed; that of the life that broke is
// printed, and `--seed` with it replays it, step for step (`--twice` makes sure that it would).
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "tests/simulation/life.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <random>

using namespace obliv;

namespace {

struct Plan {
    std::int64_t operations = 20'000;
    std::uint64_t seed = 0;
    std::int64_t life = 5'000;
    bool twice = false;
};

bool read_plan(int count, char** words, Plan& plan) {
    for (int i = 1; i < count; ++i) {
        std::string_view word = words[i];
        if (word == "--twice") {
            plan.twice = true;
            continue;
        }
        auto number = i + 1 < count ? parse_int(words[++i]) : std::nullopt;
        if (!number || *number < 0)
            return false;
        if (word == "--operations")
            plan.operations = *number;
        else if (word == "--seed")
            plan.seed = static_cast<std::uint64_t>(*number);
        else if (word == "--life")
            plan.life = std::max<std::int64_t>(*number, 1);
        else
            return false;
    }
    return true;
}

/// What has happened in a life, as a number.
std::uint64_t live(std::uint64_t seed, const Plan& plan, simulation::Tally& tally) {
    simulation::Life life(seed, tally);
    for (std::int64_t i = 0; i < plan.life; ++i)
        life.step();
    life.finish();
    return life.trace();
}

/// False: it broke, and has said where.
bool survives(std::uint64_t seed, const Plan& plan, simulation::Tally& tally) {
    try {
        auto trace = live(seed, plan, tally);
        if (plan.twice && live(seed, plan, tally) != trace)
            throw simulation::Broken("one seed had two lives");
        return true;
    } catch (const std::exception& broken) {
        std::printf("BROKEN %s\nreplay: ledger_sim --seed %llu --operations %lld --life %lld\n",
                    broken.what(), static_cast<unsigned long long>(seed),
                    static_cast<long long>(plan.life), static_cast<long long>(plan.life));
        return false;
    }
}

void print(const simulation::Tally& tally, double seconds) {
    auto number = [](std::int64_t value) { return static_cast<long long>(value); };
    std::printf("%lld operations in %.1f s: %.0f a second\n", number(tally.operations), seconds,
                static_cast<double>(tally.operations) / seconds);
    std::printf("%lld calls, %lld transfers, %lld of them expiries; %lld kills, %lld power cuts, "
                "%lld restarts, %lld "
                "starts that failed, %lld times a disk began to fail or was healed\n",
                number(tally.calls), number(tally.transfers), number(tally.expiries),
                number(tally.kills), number(tally.power_cuts), number(tally.restarts),
                number(tally.failed_starts), number(tally.troubles));
    std::printf("%lld calls came back from the ring; %lld that no disk had confirmed went with the "
                "power\n",
                number(tally.replayed), number(tally.lost_unconfirmed));
}

}  // namespace

int main(int count, char** words) {
    Plan plan;
    plan.seed = std::random_device{}();
    if (!read_plan(count, words, plan)) {
        std::fprintf(stderr,
                     "usage: ledger_sim [--operations N] [--seed S] [--life N] [--twice]\n");
        return 2;
    }
    std::printf("seed %llu\n", static_cast<unsigned long long>(plan.seed));
    std::fflush(stdout);
    // A disk that fails on purpose is no news.
    log::Options quiet;
    quiet.level = log::Level::err;
    quiet.descriptor = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    log::start(quiet);
    ::signal(SIGXFSZ, SIG_IGN);
    simulation::Tally tally;
    auto begin = std::chrono::steady_clock::now();
    bool good = true;
    for (auto seed = plan.seed; good && tally.operations < plan.operations; ++seed)
        good = survives(seed, plan, tally);
    print(tally, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    log::stop();
    return good ? 0 : 1;
}
