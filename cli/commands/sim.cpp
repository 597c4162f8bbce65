#include "cli/commands/all.hpp"
#include "cli/commands/invocation.hpp"
#include "cli/sim/server.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>

namespace obliv::cli {
namespace {

using std::chrono::milliseconds;

// Longer delays are what `hang` is for; sums of them must not overflow.
constexpr milliseconds delay_max{24 * 3600 * 1000};
constexpr std::int64_t threads_max = 256;

/// Stores what `parse` makes of a flag, if it was given.
template <typename Parse, typename T>
Result<void> take(const Values& values, const std::string& flag, Parse parse, T& out) {
    auto text = values.text(flag);
    if (!text)
        return ok();
    auto parsed = parse(*text);
    if (!parsed)
        return std::move(parsed.error()).in("--" + flag);
    out = std::move(*parsed);
    return ok();
}

Result<void> take_delay(const Values& values, const std::string& flag, milliseconds& out) {
    auto span = values.duration(flag).value_or(out);
    if (span > delay_max)
        return fail(Code::usage, "--" + flag + ": expected at most 1d");
    out = span;
    return ok();
}

Result<void> take_delays(const Values& values, sim::Options& options) {
    if (auto taken = take_delay(values, "ttft", options.ttft); !taken)
        return taken;
    if (auto taken = take_delay(values, "itl", options.itl); !taken)
        return taken;
    auto parse = [](const std::string& text) { return sim::parse_share(text, "the jitter"); };
    return take(values, "jitter", parse, options.jitter);
}

Result<sim::Options> options_of(const Values& values) {
    sim::Options options;
    options.listen = values.text("listen").value_or(options.listen);
    options.models = values.list("models");
    options.seed = static_cast<std::uint64_t>(values.count("seed").value_or(1));
    auto threads = values.count("threads").value_or(0);
    if (threads > threads_max)
        return fail(Code::usage, "--threads: expected at most 256");
    options.threads = static_cast<std::size_t>(threads);
    if (auto taken = take_delays(values, options); !taken)
        return taken.error();
    if (auto taken = take(values, "output-tokens", sim::parse_length, options.output); !taken)
        return taken.error();
    if (auto taken = take(values, "usage", sim::parse_usage_mode, options.usage); !taken)
        return taken.error();
    for (const auto& text : values.all("fault")) {
        auto rate = sim::parse_fault_rate(text);
        if (!rate)
            return std::move(rate.error()).in("--fault");
        options.faults.push_back(*rate);
    }
    auto key = key_of_flags(values);
    if (!key)
        return key.error();
    if (*key)
        options.key = std::move(**key);
    return options;
}

Result<void> announce(Invocation& run, const std::string& address) {
    auto base_url = "http://" + address + "/v1";
    if (run.output.options().form == Form::human) {
        if (auto written = run.output.piece(base_url + "\n"); !written)
            return written;
    } else {
        Json value{{"base_url", base_url}, {"address", address}, {"simulated", true}};
        if (auto written = run.output.object("obliv.sim/1", value); !written)
            return written;
    }
    run.output.note("a simulated provider: its words mean nothing. Ctrl-C ends it");
    return ok();
}

Result<void> simulate(Invocation& run) {
    auto options = options_of(run.values);
    if (!options)
        return options.error();
    if (run.dry_run())
        return sim::check_options(*options);
    auto server = sim::Server::start(*options);
    if (!server)
        return server.error();
    if (auto told = announce(run, (*server)->address()); !told)
        return told;
    auto waited = ok();
    while (waited)
        waited = run.interrupt.sleep(std::chrono::hours(1));
    // Being terminated is how a service ends well; Ctrl-C is told apart, as everywhere.
    return run.interrupt.exit_code() == 128 + SIGTERM ? ok() : waited;
}

std::vector<Flag> flags() {
    auto list = key_flags("the key that callers must give");
    std::vector<Flag> own{
        {.name = "listen",
         .value = "ADDR:PORT",
         .help = "Where to listen; port 0 is a free one (127.0.0.1:0)"},
        {.name = "threads",
         .value = "N",
         .help = "Event loops (one for each CPU)",
         .kind = Kind::count},
        {.name = "ttft",
         .value = "DUR",
         .help = "Time to the first token (200ms)",
         .kind = Kind::duration},
        {.name = "itl",
         .value = "DUR",
         .help = "Time between tokens (20ms)",
         .kind = Kind::duration},
        {.name = "jitter",
         .value = "SHARE",
         .help = "How far delays differ from these (0.2)",
         .kind = Kind::decimal},
        {.name = "output-tokens",
         .value = "N[:SD]",
         .help = "Tokens of a reply, with a standard deviation or without (50)"},
        {.name = "usage",
         .value = "MODE",
         .help = "Whether replies tell their usage; final-chunk: streams too, unasked (on)",
         .choices = {"on", "off", "final-chunk"}},
        {.name = "models", .value = "A,B", .help = "Serve these only (every name is served)"},
        {.name = "fault",
         .value = "WHAT=RATE",
         .help = "A status such as 429, or hang, cut, malformed, drip, for this share of calls",
         .repeats = true},
        {.name = "seed", .value = "N", .help = "Repeats a run (1)", .kind = Kind::count},
    };
    own.insert(own.end(), list.begin(), list.end());
    return own;
}

}  // namespace

Command sim_command() {
    Command command{.name = "sim", .summary = "Play a provider: simulated replies on real sockets"};
    command.details =
        "Serves POST /v1/chat/completions, /v1/responses, /v1/completions, /v1/embeddings, "
        "/v1/moderations, /v1/images/generations, edits and variations, /v1/audio/speech, "
        "transcriptions and translations, and GET /v1/models in the OpenAI format, POST /v1/rerank "
        "in that of "
        "Cohere and Jina, POST /v1/messages (and count_tokens) in Anthropic's, POST /v2/chat in "
        "Cohere's, POST "
        "/v1beta/models/NAME:generateContent, streamGenerateContent and countTokens in Gemini's "
        "(the same behind Vertex AI's paths), Bedrock's POST /model/NAME/converse and "
        "converse-stream, Ollama's POST /api/chat and /api/generate and GET /api/tags, the "
        "WebSockets of iFlytek's Spark at /v4.0/chat and its other paths, and "
        "prints the base URL of the first. Every reply carries x-simulated: "
        "true. A word is a token; a prompt has the words of its messages and four tokens more for "
        "each message. The same seed and the same calls in the same order give the same "
        "replies.\n\n"
        "A call can ask for its reply by marks in its last user message: [[sim:tokens=7]], "
        "[[sim:ttft=5s]], [[sim:itl=0ms]], [[sim:echo]], [[sim:stamp]] (each streamed token is the "
        "monotonic time in nanoseconds), [[sim:tool]] or [[sim:tool=NAME]], [[sim:think=9]] (words "
        "of thought, where the format has thoughts), [[sim:fault=429]]; or for a fault by the "
        "header "
        "x-sim-fault. Faults: any status from 400 to 599 (429 comes with Retry-After), hang, cut, "
        "malformed, drip.\n\n"
        "A key is taken as Authorization: Bearer, x-api-key or x-goog-api-key; one of the form "
        "ACCESS_KEY_ID|SECRET|REGION also as the AWS signature of a Bedrock call, "
        "one of the form APP_ID|API_KEY|API_SECRET as the signature of a Spark handshake.";
    command.flags = flags();
    command.examples = {
        {"obliv sim --listen 127.0.0.1:8080", "A provider at http://127.0.0.1:8080/v1"},
        {"obliv sim --ttft 1s --itl 50ms --fault 429=0.01 --fault cut=0.02",
         "A slow and moody one"}};
    command.errors = {Code::conflict, Code::io};
    command.run = simulate;
    return command;
}

}  // namespace obliv::cli
