#include "daemon/relay/replay.hpp"

#include "core/llm/body_fields.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/gemini.hpp"
#include "core/wire/plain.hpp"
#include "core/wire/responses.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace obliv;
using namespace obliv::relay;

namespace {

using nlohmann::json;

constexpr std::string_view question =
    R"({"model":"m1","messages":[{"role":"user","content":"hello"}]})";

std::string asked(const std::string& more) {
    std::string out(question);
    out.back() = ',';
    return out + more + "}";
}

Sha256 plain_key(std::string_view body) {
    return key_of("", body);
}

cache::Answer whole_answer() {
    cache::Answer out;
    out.body = R"({"id":"c1","object":"chat.completion","created":1,"model":"m1","choices":[)"
               R"({"index":0,"message":{"role":"assistant","content":"Hi there"},)"
               R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})";
    out.content_type = "application/json";
    out.usage_told = false;
    out.usage.input = 3;
    out.usage.output = 2;
    return out;
}

llm::ChatCall call(bool stream, bool usage = false) {
    llm::ChatCall out;
    out.model = "m1";
    out.stream = stream;
    out.usage_asked = usage;
    return out;
}

}  // namespace

TEST_CASE("requests that ask the same have one key, however they are written", "[relay]") {
    auto key = plain_key(question);
    CHECK(plain_key(asked(R"("stream":true,"stream_options":{"include_usage":true})")) == key);
    CHECK(plain_key(asked(R"("user":"u1","metadata":{"a":"b"},"safety_identifier":"x")")) == key);
    CHECK(plain_key(R"( { "messages" : [ {"role":"user", "content":"hello"} ] ,"model": "m1"} )") ==
          key);
}

TEST_CASE("whatever changes the answer changes the key", "[relay]") {
    auto key = plain_key(question);
    CHECK(plain_key(asked(R"("temperature":0)")) != key);
    CHECK(plain_key(asked(R"("max_tokens":5)")) != key);
    CHECK(plain_key(R"({"model":"m2","messages":[{"role":"user","content":"hello"}]})") != key);
    CHECK(plain_key(R"({"model":"m1","messages":[{"role":"user","content":"hel lo"}]})") != key);
    // The order of members inside means something in a schema; what stands twice is ambiguous.
    CHECK(plain_key(R"({"model":"m1","messages":[{"content":"hello","role":"user"}]})") != key);
    CHECK(plain_key(asked(R"("messages":[{"role":"user","content":"evil"}])")) != key);
}

TEST_CASE("answers are shared as far as the scope says", "[relay]") {
    storage::Token a;
    a.id = TokenId{1};
    a.account = AccountId{5};
    auto b = a;
    b.id = TokenId{2};
    auto c = b;
    c.account = AccountId{6};
    auto other_group = c;
    other_group.group = "premium";
    Inbound inbound;
    auto prefix = [&](cache::Scope scope, const storage::Token& token) {
        return key_prefix(scope, token, inbound, {});
    };
    using cache::Scope;
    CHECK(prefix(Scope::token, a) != prefix(Scope::token, b));
    CHECK(prefix(Scope::account, a) == prefix(Scope::account, b));
    CHECK(prefix(Scope::account, b) != prefix(Scope::account, c));
    CHECK(prefix(Scope::everyone, b) == prefix(Scope::everyone, c));
    CHECK(prefix(Scope::everyone, c) != prefix(Scope::everyone, other_group));

    auto plain = prefix(Scope::account, a);
    CHECK(key_prefix(Scope::account, a, inbound, {{"anthropic-beta", "x"}}) != plain);
    Inbound gemini;
    gemini.wire = &wire::gemini;
    gemini.model = "m1";
    CHECK(key_prefix(Scope::account, a, gemini, {}) != plain);
    Inbound embeddings;
    embeddings.operation = providers::Operation::embeddings;
    CHECK(key_prefix(Scope::account, a, embeddings, {}) != plain);
    auto gemini_form = embeddings;
    gemini_form.form = &wire::gemini_embedding;
    CHECK(key_prefix(Scope::account, a, gemini_form, {}) !=
          key_prefix(Scope::account, a, embeddings, {}));
}

TEST_CASE("a response that is to be stored is never given again", "[relay]") {
    Inbound responses;
    responses.wire = &wire::responses;
    CHECK_FALSE(may_be_cached(responses, R"({"model":"m1","input":"hello"})"));
    CHECK_FALSE(may_be_cached(responses, R"({"model":"m1","input":"hello","store":true})"));
    CHECK(may_be_cached(responses, R"({"model":"m1","input":"hello","store":false})"));
    CHECK(may_be_cached(Inbound{}, question));
}

TEST_CASE("two questions are compared by their last words only if all else is equal", "[relay]") {
    auto words = [](std::string_view body) { return last_words("", Inbound{}, body, {}); };
    auto one = words(question);
    REQUIRE(one);
    CHECK(one->text == "hello");
    auto other =
        words(R"({"model":"m1","stream":true,"messages":[{"role":"user","content":"hi"}]})");
    REQUIRE(other);
    CHECK(other->rest == one->rest);
    auto warm = words(asked(R"("temperature":1)"));
    REQUIRE(warm);
    CHECK(warm->rest != one->rest);
    auto system = words(R"({"model":"m1","messages":[{"role":"system","content":"s"},)"
                        R"({"role":"user","content":"hello"}]})");
    REQUIRE(system);
    CHECK(system->rest != one->rest);
    CHECK_FALSE(words(R"({"model":"m1","messages":[{"role":"assistant","content":"hello"}]})"));
    CHECK_FALSE(words(R"({"model":"m1","messages":[{"role":"user","content":[)"
                      R"({"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]})"));
}

TEST_CASE("an answer of the same form is given as it was", "[relay]") {
    auto replay = replay_of(whole_answer(), Inbound{}, call(false), question, "r1");
    REQUIRE(replay);
    CHECK(replay->body.empty());
    CHECK(replay->content_type == "application/json");
}

TEST_CASE("a whole answer serves a stream, with figures if they were asked for", "[relay]") {
    auto quiet = replay_of(whole_answer(), Inbound{}, call(true), question, "r1");
    REQUIRE(quiet);
    CHECK(quiet->content_type.starts_with("text/event-stream"));
    CHECK(quiet->body.find("Hi there") != std::string::npos);
    CHECK(quiet->body.find("\"prompt_tokens\"") == std::string::npos);
    CHECK(quiet->body.ends_with("data: [DONE]\n\n"));
    auto loud = replay_of(whole_answer(), Inbound{}, call(true, true), question, "r1");
    REQUIRE(loud);
    CHECK(loud->body.find("\"prompt_tokens\":3") != std::string::npos);
}

TEST_CASE("a stream serves a whole answer, with the figures that its caller was not told",
          "[relay]") {
    auto streamed = replay_of(whole_answer(), Inbound{}, call(true), question, "r1");
    REQUIRE(streamed);
    auto stream = whole_answer();
    stream.stream = true;
    stream.body = streamed->body;
    stream.content_type = streamed->content_type;
    auto same = replay_of(stream, Inbound{}, call(true), question, "r1");
    REQUIRE(same);
    CHECK(same->body.empty());
    auto loud = replay_of(stream, Inbound{}, call(true, true), question, "r1");
    REQUIRE(loud);
    CHECK(loud->body.find("\"completion_tokens\":2") != std::string::npos);
    auto whole = replay_of(stream, Inbound{}, call(false), question, "r1");
    REQUIRE(whole);
    auto document = json::parse(whole->body);
    CHECK(document["choices"][0]["message"]["content"] == "Hi there");
    CHECK(document["choices"][0]["finish_reason"] == "stop");
    CHECK(document["usage"]["prompt_tokens"] == 3);
}

TEST_CASE("every format that streams can be had in its other form", "[relay]") {
    struct Case {
        const wire::Wire* wire;
        std::string request;
    };
    const std::vector<Case> cases{
        {&wire::anthropic,
         R"({"model":"m1","max_tokens":9,"messages":[{"role":"user","content":"hello"}]})"},
        {&wire::gemini, R"({"contents":[{"role":"user","parts":[{"text":"hello"}]}]})"},
        {&wire::responses, R"({"model":"m1","input":"hello","store":false})"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.wire->name);
        Inbound inbound;
        inbound.wire = each.wire;
        if (each.wire == &wire::gemini)
            inbound.model = "m1";
        // From OpenAI's form into this one by the same events, to have a reply to begin with.
        std::vector<llm::ReplyEvent> events;
        wire::ReadOptions read;
        auto reader = wire::openai.new_reader(read);
        REQUIRE(reader->feed(whole_answer().body, events));
        REQUIRE(reader->finish(events));
        auto request = read_request(inbound, each.request, {});
        REQUIRE(request);
        wire::WriteOptions write;
        write.model = "m1";
        write.request_id = "r1";
        write.request = &*request;
        auto writer = each.wire->new_writer(write);
        auto kept = whole_answer();
        kept.usage_told = true;
        kept.body.clear();
        for (const auto& event : events)
            writer->write(event, kept.body);
        writer->finish(kept.body);

        auto streamed = replay_of(kept, inbound, call(true), each.request, "r1");
        REQUIRE(streamed);
        CHECK(streamed->body.find("Hi there") != std::string::npos);
        auto stream = kept;
        stream.stream = true;
        stream.body = streamed->body;
        auto whole = replay_of(stream, inbound, call(false), each.request, "r1");
        REQUIRE(whole);
        CHECK(json::parse(whole->body, nullptr, false).is_object());
        CHECK(whole->body.find("Hi there") != std::string::npos);
    }
}

TEST_CASE("what is no chat is given again in its own form only", "[relay]") {
    Inbound embeddings;
    embeddings.operation = providers::Operation::embeddings;
    auto kept = whole_answer();
    CHECK(replay_of(kept, embeddings, call(false), "{}", "r1"));
    CHECK_FALSE(replay_of(kept, embeddings, call(true), "{}", "r1"));
    kept.body = "no reply at all";
    CHECK_FALSE(replay_of(kept, Inbound{}, call(true), question, "r1"));
}

TEST_CASE("a meaning is read from the reply of an embedding model", "[relay]") {
    auto body = json::parse(meaning_request("e\"1", "say \n"));
    CHECK(body["model"] == "e\"1");
    CHECK(body["input"] == "say \n");
    CHECK(meaning_in(R"({"data":[{"embedding":[1,0.5]}]})") == cache::Meaning{1, 0.5F});
    CHECK(meaning_in(R"({"data":[{"embedding":"AAA="}]})").empty());
    CHECK(meaning_in(R"({"data":[]})").empty());
    CHECK(meaning_in("nothing").empty());
}
