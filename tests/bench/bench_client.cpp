// The load of scripts/bench that wrk cannot make: calls at a fixed rate, and streams held open.
//
//   bench_client rate --url URL --body JSON [--header LINE]… [--rate N] [--seconds S]
//   [--connections N] bench_client streams --url URL --body JSON [--header LINE]… [--streams N]

#include "tests/bench/open_loop.hpp"
#include "tests/bench/streams.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct Options {
    std::string url;
    std::string body;
    std::vector<std::string> headers;
    obliv::bench::RatePlan plan;
    std::size_t streams = 200;
};

Options parse(int count, char** words) {
    Options out;
    for (int i = 2; i + 1 < count; i += 2) {
        std::string name = words[i];
        const char* value = words[i + 1];
        if (name == "--url")
            out.url = value;
        else if (name == "--body")
            out.body = value;
        else if (name == "--header")
            out.headers.emplace_back(value);
        else if (name == "--rate")
            out.plan.rate = std::atof(value);
        else if (name == "--seconds")
            out.plan.seconds = std::atof(value);
        else if (name == "--connections")
            out.plan.connections = std::atoi(value);
        else if (name == "--streams")
            out.streams = static_cast<std::size_t>(std::atol(value));
        else
            obliv::bench::give_up("unknown flag " + name);
    }
    return out;
}

}  // namespace

int main(int count, char** words) {
    using namespace obliv::bench;
    std::string mode = count > 1 ? words[1] : "";
    auto options = parse(count, words);
    auto target = make_target(options.url, options.body, options.headers);
    if (mode == "rate")
        run_open_loop(target, options.plan);
    else if (mode == "streams")
        run_streams(target, options.streams);
    else
        give_up("say rate or streams");
    return 0;
}
