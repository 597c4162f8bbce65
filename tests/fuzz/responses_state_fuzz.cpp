// What a server of the Responses API remembers: an even first byte feeds a reply to the capture,
// whole and cut, an odd one a request and, with what is remembered of it, the next one.
#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/wire/responses_state.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

using namespace obliv;

namespace {

std::optional<wire::CaughtResponse> caught(std::string_view reply, Random* cuts) {
    wire::ResponseCapture capture(1U << 20);
    while (!reply.empty()) {
        auto piece = reply.substr(0, cuts == nullptr ? reply.size() : 1 + cuts->below(9));
        capture.feed(piece);
        reply.remove_prefix(piece.size());
    }
    return capture.finish();
}

void check_reply(std::string_view reply, std::uint64_t seed) {
    Random cuts(seed);
    auto whole = caught(reply, nullptr);
    auto pieces = caught(reply, &cuts);
    check(whole.has_value() == pieces.has_value(), "a response is caught however it is cut");
    if (whole)
        check(whole->id == pieces->id && whole->json == pieces->json, "and the same one");
}

void check_request(std::string_view body) {
    auto turn = wire::read_responses_turn(body);
    if (!turn)
        return;
    std::array past{wire::PastTurn{turn->input, R"({"output":[]})"},
                    wire::PastTurn{"[]", std::string(body)}};
    if (auto next = wire::with_history(body, past))
        check(!nlohmann::json::parse(*next, nullptr, false).is_discarded(), "what goes on is JSON");
    auto list = wire::input_items_list("resp_1", turn->input);
    check(!nlohmann::json::parse(list, nullptr, false).is_discarded(), "what is listed is JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        check_reply(body, data[0]);
    else
        check_request(body);
    return 0;
}
