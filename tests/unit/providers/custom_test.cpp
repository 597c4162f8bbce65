#include "core/providers/catalog.hpp"
#include "core/wire/mapped.hpp"
#include "core/wire/openai.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace obliv;
using namespace obliv::providers;

namespace {

constexpr std::string_view plain = R"(
name = "acme"
base_url = "https://api.acme.test/v1/"

[paths]
chat = "/chat/completions"
models = "/models"
)";

constexpr std::string_view full = R"(
name = "odd-one"
about = "Puts everything elsewhere."
format = "openai"
base_url = "https://odd.test"

[auth]
header = "X-Key"
prefix = ""

[headers]
X-Version = "7"

[paths]
chat = "/generate/{model}"
chat_stream = "/stream/{model}"
embeddings = "/embed"

[dialect]
developer_role = false
output_limit_field = "max_tokens"
tool_call_id_bytes = 9

[request]
remove = ["stream_options"]
[request.move]
messages = "input.messages"
[request.set]
"parameters.format" = "chat"
"parameters.top" = 3
"parameters.fast" = true

[stream]
form = "objects"
done = "END"

[reply.move]
"output.text" = "choices.0.message.content"
[event.move]
"token.text" = "choices.0.delta.content"

[finish]
eos = "stop"

[errors]
code = "status.code"
message = "status.text"
success = ["0"]
[errors.words]
7 = "rate_limit_exceeded"
)";

std::string problem(std::string_view toml) {
    auto parsed = Custom::parse(toml, "acme.toml");
    return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("a host that only lies elsewhere is passed through as it is", "[providers]") {
    auto custom = Custom::parse(plain, "acme.toml");
    REQUIRE(custom);
    const auto& provider = (*custom)->provider();
    CHECK(provider.name == "acme");
    CHECK(provider.default_base_url == "https://api.acme.test/v1");
    const auto* chat = chat_offer(provider, nullptr);
    REQUIRE(chat != nullptr);
    CHECK(chat->wire == &wire::openai);
    CHECK(path_of(*chat, "m", true) == "/chat/completions");
    CHECK(find_offer(provider, Operation::models)->method == "GET");
    CHECK(headers_of(provider, {"", Secret("k")}).at(0).second == "Bearer k");
}

TEST_CASE("a description says all that a provider can differ in", "[providers]") {
    auto custom = Custom::parse(full, "odd.toml");
    if (!custom)
        FAIL(custom.error().message);
    const auto& provider = (*custom)->provider();
    const auto* chat = chat_offer(provider, nullptr);
    CHECK(chat->wire == &wire::mapped);
    CHECK(path_of(*chat, "m", false) == "/generate/m");
    CHECK(path_of(*chat, "m", true) == "/stream/m");
    using Sent = std::vector<std::pair<std::string, std::string>>;
    CHECK(headers_of(provider, {"", Secret("k")}) == Sent{{"x-version", "7"}, {"x-key", "k"}});
    const auto& dialect = static_cast<const wire::MappedDialect&>(dialect_of(provider));
    CHECK_FALSE(dialect.developer_role);
    CHECK(dialect.tool_call_id_bytes == 9);
    const auto& mapping = dialect.mapping;
    CHECK(mapping.stream == wire::Mapping::Stream::objects);
    CHECK(mapping.done == "END");
    CHECK(mapping.request_set.size() == 3);
    CHECK(mapping.request_set[0].second == "true");  // in the order of the names
    CHECK(mapping.request_move.at(0).to.text() == "input.messages");
    CHECK(mapping.error_words.at("7") == "rate_limit_exceeded");
    CHECK(mapping.success_codes == std::vector<std::string>{"0"});
}

TEST_CASE("the worked example of docs/adapters.md is a description that works", "[providers]") {
    std::ifstream in(OBLIV_FIXTURES "/../../docs/adapters.md");
    std::stringstream page;
    page << in.rdbuf();
    auto text = page.str();
    auto begin = text.find("```toml\n");
    REQUIRE(begin != std::string::npos);
    begin += 8;
    auto custom = Custom::parse(text.substr(begin, text.find("```", begin) - begin), "acme.toml");
    if (!custom)
        FAIL(custom.error().message);
    const auto& provider = (*custom)->provider();
    CHECK(provider.name == "acme");
    const auto* chat = chat_offer(provider, nullptr);
    REQUIRE(chat != nullptr);
    CHECK(path_of(*chat, "m", true) == "/generate/m/stream");
    CHECK(headers_of(provider, {"", Secret("k")}).back().first == "x-acme-key");
    auto request = wire::openai.read_request(
        {R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})"});
    REQUIRE(request);
    auto written = chat->wire->write_request(*request, dialect_of(provider));
    REQUIRE(written);
    CHECK_THAT(written->body, Catch::Contains(R"("max_new_tokens":9)"));
    CHECK_THAT(written->body, Catch::Contains(R"("format":"chat")"));
    auto reader = chat->wire->new_reader({.dialect = &dialect_of(provider)});
    std::vector<llm::ReplyEvent> events;
    std::string_view reply =
        R"({"output":{"text":"Hello.","why":"max"},"count":{"in":3,"out":2},"status":{"code":0}})";
    REQUIRE(reader->feed(reply, events));
    REQUIRE(reader->finish(events));
    bool limited = false;
    for (const auto& event : events)
        if (const auto* end = std::get_if<llm::Finished>(&event.what))
            limited = end->reason == llm::Finish::length;
    CHECK(limited);
}

TEST_CASE("what is wrong with a description is told with its line", "[providers]") {
    auto with = [](std::string_view line) {
        return problem(std::string(plain) + std::string(line));
    };
    CHECK(problem("name = ") != "");
    CHECK(problem("") == "'name' is missing");
    CHECK(problem("name = \"x\"").find("paths.chat") != std::string::npos);
    CHECK(problem("name = \"openai\"").find("is built in") != std::string::npos);
    CHECK(problem("name = \"Big One\"").find("acme.toml:1:1") != std::string::npos);
    CHECK(problem("name = \"12\"").find("no number") != std::string::npos);
    CHECK(problem("name = \"x\"\nformat = \"morse\"").find("morse") != std::string::npos);
    CHECK(problem("name = \"x\"\nbase_url = \"ftp://x\"").find("https://") != std::string::npos);
    CHECK(with("other = \"/x\"").find("there is no 'other' in [paths]") != std::string::npos);
    CHECK(with("embeddings = \"embed\"").find("slash") != std::string::npos);
    CHECK(with("[nonsense]\na = 1").find("nonsense") != std::string::npos);
    CHECK(with("[dialect]\nseed = 1").find("true or false") != std::string::npos);
    CHECK(with("[headers]\nHost = \"x\"").find("cannot be set") != std::string::npos);
    CHECK(with("[auth]\nprefix = \"a\\r\\nb\"").find("longer than a line") != std::string::npos);
    CHECK(with("[reply.move]\n\"a..b\" = \"c\"").find("no path") != std::string::npos);
    CHECK(with("[stream]\nform = \"smoke\"").find("sse or objects") != std::string::npos);
    CHECK(with("[request.set]\nx = 1.5").find("whole number") != std::string::npos);
    CHECK(problem("name = \"x\"\nformat = \"cohere\"\n[paths]\nchat = \"/c\"\n[finish]\na = \"b\"")
              .find("only the format openai") != std::string::npos);
    CHECK(problem(std::string(70'000, '#')).find("64 KiB") != std::string::npos);
}

TEST_CASE("a catalog knows what is built in and what is described", "[providers]") {
    std::vector<Catalog::Source> sources{{"acme", 3, plain}, {"broken", 1, "name ="}};
    auto catalog = Catalog::build(sources);
    CHECK(catalog->described().size() == 1);
    CHECK(catalog->described()[0].version == 3);
    CHECK(catalog->find("acme", "")->name == "acme");
    CHECK(catalog->find("openai", "") == find("openai"));
    CHECK(catalog->find("broken", "") == nullptr);
    auto names = catalog->names();
    CHECK(std::is_sorted(names.begin(), names.end()));
    CHECK(std::find(names.begin(), names.end(), "acme") != names.end());
}
