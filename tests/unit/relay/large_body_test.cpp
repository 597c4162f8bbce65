#include "daemon/relay/large_body.hpp"

#include "core/llm/estimate.hpp"
#include "core/loop/run_blocking.hpp"
#include "core/wire/gemini.hpp"
#include "daemon/relay/conversion.hpp"
#include "tests/support/padded.hpp"

#include <catch2/catch.hpp>
#include <future>

using namespace obliv;
using namespace obliv::relay;
using obliv::test::Padded;

namespace {

Padded chat(std::size_t size) {
    return Padded(R"({"model":"m","messages":[{"role":"user","content":")" +
                  std::string(size, 'x') + R"("}],"stream":true})");
}

}  // namespace

TEST_CASE("a long chat is read in little, with its figures", "[relay]") {
    auto body = chat(3'000'000);
    LargeBody large;
    auto call = parse_condensed({}, body.view(), "application/json", false, large);
    REQUIRE(call);
    REQUIRE(*call);
    CHECK((*call)->model == "m");
    CHECK((*call)->stream);
    CHECK(large.text_of(body.view()).size() < 100);
    CHECK(large.condensed.input_bound == llm::input_tokens_bound(body.view()));
    CHECK(large.condensed.input_estimate == llm::estimate_input_tokens(body.view()));
    large.condensed.text.clear();  // where there was no memory to keep it
    CHECK(large.text_of(body.view()).data() == body.view().data());
}

TEST_CASE("what has to be read as a whole says so, and is", "[relay]") {
    Inbound gemini;
    gemini.wire = &wire::gemini;
    gemini.model = "g";
    Padded contents(R"({"contents":[{"role":"user","parts":[{"text":")" +
                    std::string(2'000'000, 'x') + "\"}]}]}");
    LargeBody large;
    auto call = parse_condensed(gemini, contents.view(), "application/json", false, large);
    REQUIRE(call);
    CHECK_FALSE(*call);
    auto whole = parse_whole(gemini, contents.view(), "application/json", false, large);
    REQUIRE(whole);
    CHECK(whole->model == "g");
    CHECK(large.condensed.input_bound == llm::input_tokens_bound(contents.view()));

    Inbound vectors;
    vectors.operation = providers::Operation::embeddings;
    std::string numbers = R"({"model":"e","input":[1)";
    while (numbers.size() < 9'000'000)
        numbers += ",12345";
    Padded dense(numbers + "]}");
    call = parse_condensed(vectors, dense.view(), "application/json", false, large);
    REQUIRE(call);
    CHECK_FALSE(*call);
    whole = parse_whole(vectors, dense.view(), "application/json", false, large);
    REQUIRE(whole);
    CHECK(whole->model == "e");
}

TEST_CASE("what a long chat needs is known before its text is gone", "[relay]") {
    std::string asks =
        R"(,"tools":[{"type":"function"}],"response_format":{"type":"json_object"}})";
    auto long_text = [&asks](std::size_t words, std::size_t numbers) {
        std::string out = R"({"model":"m","messages":[{"role":"user","content":")";
        out.append(words, 'x').append("\"}],\"x\":[1");
        for (std::size_t i = 0; i < numbers; ++i)
            out += ",1";
        return Padded(out + "]" + asks);
    };
    std::vector<std::string> needs{"tools", "json_object"};
    LargeBody large;
    auto texts = long_text(2'000'000, 1);
    REQUIRE(*parse_condensed({}, texts.view(), "application/json", false, large));
    CHECK(large.needs == needs);
    LargeBody dense;
    auto numbers = long_text(10, 5'000'000);
    REQUIRE_FALSE(*parse_condensed({}, numbers.view(), "application/json", false, dense));
    REQUIRE(parse_whole({}, numbers.view(), "application/json", false, dense));
    CHECK(dense.needs == needs);
}

TEST_CASE("a form is read in little, however large its file", "[relay]") {
    Inbound sound;
    sound.operation = providers::Operation::transcriptions;
    std::string form =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n" +
        std::string(3'000'000, '\r') +
        "\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nw\r\n--b--\r\n";
    LargeBody large;
    auto call = parse_condensed(sound, form, "multipart/form-data; boundary=b", false, large);
    REQUIRE(call);
    REQUIRE(*call);
    CHECK((*call)->model == "w");
}

TEST_CASE("what a conversion takes goes back when a worker has destroyed it", "[relay]") {
    Bound memory(100);
    loop::BlockingPool workers("worker", 1, 4);
    std::promise<void> go_on;
    std::promise<void> waits;
    REQUIRE(workers.post([&] {
        waits.set_value();
        go_on.get_future().wait();
    }));
    waits.get_future().wait();
    auto conversion =
        destroyed_on(workers, std::make_unique<Conversion>(Inbound(), "{}", HeaderList()));
    Share share;
    REQUIRE(share.take(memory, 40));
    conversion->hold(std::move(share));
    conversion.reset();
    CHECK(memory.taken() == 40);
    go_on.set_value();
    workers.stop();
    CHECK(memory.taken() == 0);
}

TEST_CASE("memory for a call is taken twice over, but never most of what there is", "[relay]") {
    Bound memory(100);
    Share first;
    REQUIRE(take_memory(first, memory, 40));
    CHECK(first.bytes() == 75);
    Share second;
    auto refused = take_memory(second, memory, 20);
    Share third;
    CHECK(take_memory(third, memory, 12));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::overloaded);
    CHECK(refused.error().retry_after);
    first.resize(0);
    third.resize(0);
    REQUIRE(take_memory(second, memory, 90));
    CHECK(second.bytes() == 75);
    refused = take_memory(first, memory, 101);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::payload_too_large);
}
