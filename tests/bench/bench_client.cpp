// The load of scripts/bench that wrk cannot make: calls at a fixed rate, and streams held open.
//
//   bench_client rate --url URL --body JSON [--header LINE]… [--rate N] [--seconds S]
//   [--connections N] bench_client streams --url URL --body JSON [--header LINE]… [--streams N]

#include "tests/bench/open_loop.hpp"
#include "tests/bench/streams.hpp"

#include <cstdlib>
#include <string>
#include <vector>

int main(int count, char** words) {
    using namespace obliv::bench;
    std::string mode = count > 1 ? words[1] : "";
    std::string url;
    std::string body;
    std::vector<std::string> headers;
    RatePlan plan;
    std::size_t streams = 200;
    for (int i = 2; i + 1 < count; i += 2) {
        std::string name = words[i];
        const char* value = words[i + 1];
        if (name == "--url")
            url = value;
        else if (name == "--body")
            body = value;
        else if (name == "--header")
            headers.emplace_back(value);
        else if (name == "--rate")
            plan.rate = std::atof(value);
        else if (name == "--seconds")
            plan.seconds = std::atof(value);
        else if (name == "--connections")
            plan.connections = std::atoi(value);
        else if (name == "--streams")
            streams = static_cast<std::size_t>(std::atol(value));
        else
            give_up("unknown flag " + name);
    }
    auto target = make_target(url, body, headers);
    if (mode == "rate")
        run_open_loop(target, plan);
    else if (mode == "streams")
        run_streams(target, streams);
    else
        give_up("say rate or streams");
    return 0;
}
