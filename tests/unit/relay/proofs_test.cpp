#include "daemon/relay/proofs.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::llm;
using namespace obliv::relay;
using namespace std::chrono_literals;

namespace {

const AccountId alice{1};
const AccountId bob{2};
const SteadyTime start{};

ChatRequest asks_again(const std::string& call) {
    ChatRequest request;
    Message answer;
    answer.role = Role::assistant;
    answer.content.push_back({Text{"so"}});
    answer.content.push_back({ToolCall{call, "f", "{}"}});
    request.messages.push_back(answer);
    return request;
}

ChatRequest restored(const Proofs& proofs, const std::string& call, AccountId account = alice,
                     SteadyTime now = start) {
    auto request = asks_again(call);
    proofs.restore(account, request, now);
    return request;
}

void watch(Proofs& proofs, const std::vector<ReplyEvent>& events) {
    ProofWatch watch(proofs, alice);
    for (const auto& event : events)
        watch.take(event, start);
}

ReplyEvent proof(std::int32_t block, std::string data) {
    return {ProofPiece{{"gemini", std::move(data)}}, 0, block};
}

}  // namespace

TEST_CASE("the proof of a call comes back with it", "[relay]") {
    Proofs proofs;
    watch(proofs, {{ToolCallBegun{"c1", "f"}, 0, 0}, proof(0, "sig"), {BlockEnded{}, 0, 0}});
    auto request = restored(proofs, "c1");
    REQUIRE(request.messages[0].content.size() == 2);
    CHECK(std::get<ToolCall>(request.messages[0].content[1].what).proof == Proof{"gemini", "sig"});
    CHECK(restored(proofs, "c2") == asks_again("c2"));
    CHECK(restored(proofs, "c1", bob) == asks_again("c1"));
}

TEST_CASE("the thought before the calls comes back in front of them", "[relay]") {
    Proofs proofs;
    watch(proofs, {{ThinkingPiece{"let "}, 0, 0},
                   {ThinkingPiece{"me see"}, 0, 0},
                   proof(0, "sig"),
                   {BlockEnded{}, 0, 0},
                   {TextPiece{"so"}, 0, 1},
                   {ToolCallBegun{"c1", "f"}, 0, 2},
                   {ToolCallBegun{"c2", "f"}, 0, 3},
                   {Finished{Finish::tool_calls}}});
    for (auto id : {"c1", "c2"}) {
        auto request = restored(proofs, id);
        REQUIRE(request.messages[0].content.size() == 3);
        const auto& thought = std::get<Thinking>(request.messages[0].content[0].what);
        CHECK(thought.text == "let me see");
        CHECK(thought.proof.data == "sig");
    }
    // A client that kept the thought itself gets no second one, and no other proof of its call.
    auto request = asks_again("c1");
    request.messages[0].content.insert(request.messages[0].content.begin(),
                                       Part{Thinking{"mine", {"gemini", "own"}}});
    std::get<ToolCall>(request.messages[0].content[2].what).proof = {"gemini", "call"};
    auto before = request;
    proofs.restore(alice, request, start);
    CHECK(request == before);
}

TEST_CASE("what proves nothing is not kept", "[relay]") {
    Proofs proofs;
    watch(proofs, {{ThinkingPiece{"hm"}, 0, 0},
                   {ToolCallBegun{"c1", "f"}, 0, 1},
                   {BlockEnded{}, 0, 1},
                   {ThinkingPiece{std::string(300'000, 'x')}, 0, 2},
                   proof(2, "sig"),
                   {ToolCallBegun{"c2", "f"}, 0, 3},
                   {BlockEnded{}, 0, 3}});
    CHECK(proofs.bytes() == 0);
}

TEST_CASE("proofs go after their time, and the oldest first when there are too many", "[relay]") {
    Proofs proofs({.bytes_max = 2000, .lifetime = 10s});
    auto entry = [](std::string data) { return Proofs::Entry{{"gemini", std::move(data)}, {}}; };
    proofs.keep(alice, "c1", entry("one"), start);
    CHECK(restored(proofs, "c1", alice, start + 9s) != asks_again("c1"));
    CHECK(restored(proofs, "c1", alice, start + 10s) == asks_again("c1"));

    for (int i = 0; i < 20; ++i) {
        proofs.keep(alice, "n" + std::to_string(i), entry(std::string(100, 'x')), start + 1s);
        CHECK(proofs.bytes() <= 2000);
    }
    CHECK(restored(proofs, "n19", alice, start + 2s) != asks_again("n19"));
    CHECK(restored(proofs, "n0", alice, start + 2s) == asks_again("n0"));
    proofs.keep(alice, "big", entry(std::string(3000, 'x')), start + 1s);
    CHECK(restored(proofs, "big", alice, start + 2s) == asks_again("big"));
    // The last word counts, and is counted once.
    auto bytes = proofs.bytes();
    proofs.keep(alice, "n19", entry(std::string(100, 'y')), start + 1s);
    CHECK(proofs.bytes() == bytes);
    auto again = restored(proofs, "n19", alice, start + 2s);
    CHECK(std::get<ToolCall>(again.messages[0].content[1].what).proof.data[0] == 'y');
}
