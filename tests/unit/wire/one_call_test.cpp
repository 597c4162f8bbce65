#include "core/wire/one_call.hpp"

#include <catch2/catch.hpp>
#include <utility>

using namespace obliv;
using namespace obliv::llm;

namespace {

/// Writes one letter for each event.
class Letters final : public wire::ReplyWriter {
public:
    std::string_view content_type() const noexcept override { return "text/letters"; }
    void write(const ReplyEvent& event, std::string& out) override {
        constexpr std::string_view letters = ".BTRHPCACMLOEFUX";
        out += letters[event.what.index()];
        if (event.choice != 0)
            out += std::to_string(event.choice);
    }
    void finish(std::string& out) override { out += '!'; }
    void fail(const Error&, std::string& out) override { out += '?'; }
};

std::string filtered(const std::vector<ReplyEvent>& events) {
    auto writer = wire::with_one_call(std::make_unique<Letters>());
    std::string out;
    for (const auto& event : events)
        writer->write(event, out);
    writer->finish(out);
    return out;
}

ReplyEvent call(std::int32_t block, std::int32_t choice = 0) {
    return {ToolCallBegun{"id", "f"}, choice, block};
}
ReplyEvent arguments(std::int32_t block, std::int32_t choice = 0) {
    return {ArgumentsPiece{"{}"}, choice, block};
}
ReplyEvent end(std::int32_t block, std::int32_t choice = 0) {
    return {BlockEnded{}, choice, block};
}

}  // namespace

TEST_CASE("of several calls the first goes through, whole", "[wire]") {
    CHECK(filtered({{Begun{}},
                    {TextPiece{"x"}, 0, 0},
                    end(0),
                    call(1),
                    arguments(1),
                    end(1),
                    call(2),
                    arguments(2),
                    {ProofPiece{}, 0, 2},
                    end(2),
                    {Finished{}},
                    {UsageReport{}}}) == "BTECAEFU!");
}

TEST_CASE("calls that come in turns are told apart, and text after them stays", "[wire]") {
    CHECK(filtered({call(0),
                    call(1),
                    arguments(0),
                    arguments(1),
                    arguments(0),
                    end(1),
                    end(0),
                    {TextPiece{"y"}, 0, 2},
                    end(2)}) == "CAAETE!");
}

TEST_CASE("each choice has a first call of its own", "[wire]") {
    CHECK(filtered({call(0), call(0, 1), arguments(0, 1), call(1, 1), arguments(1, 1)}) ==
          "CC1A1!");
}

TEST_CASE("what concerns the whole reply passes whatever is open", "[wire]") {
    CHECK(filtered({call(5), call(0), {UsageReport{}}, {Alive{}}, {Finished{}}, {Failed{}}}) ==
          "CU.FX!");
}

TEST_CASE("the rest is the writer's own", "[wire]") {
    auto writer = wire::with_one_call(std::make_unique<Letters>());
    CHECK(writer->content_type() == "text/letters");
    std::string out;
    writer->fail(fail(Code::internal, "x"), out);
    CHECK(out == "?");
}
