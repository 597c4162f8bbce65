#include "core/reconcile/bill.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <sstream>

using namespace obliv;
using namespace obliv::reconcile;

namespace {

Result<Bill> read(const std::string& text) {
    std::istringstream from(text);
    return read_bill(from);
}

Bill good(const std::string& text) {
    auto bill = read(text);
    INFO((bill ? "" : bill.error().message));
    REQUIRE(bill);
    return *bill;
}

std::string why(const std::string& text) {
    auto bill = read(text);
    return bill ? "" : bill.error().message;
}

Line line(const Bill& bill, const std::string& day, const std::string& model) {
    auto found = bill.lines.find({day, model});
    return found == bill.lines.end() ? Line{-1, -1, -1, {}} : found->second;
}

}  // namespace

TEST_CASE("plain CSV is summed up by day and model", "[reconcile]") {
    auto bill = good("\xef\xbb\xbf"
                     "date,model,input_tokens,output_tokens,cost\r\n"
                     "2026-01-01,gpt-4o,10,2,0.5\r\n"
                     "2026-01-01,\"gpt-4o\",5,1,$0.25\r\n"
                     "\r\n"
                     "2026-01-02,\"a \"\"b\"\", c\",1,,1.0000000019");
    CHECK(bill.lines.size() == 2);
    CHECK(line(bill, "2026-01-01", "gpt-4o").input == 15);
    CHECK(line(bill, "2026-01-01", "gpt-4o").output == 3);
    CHECK(line(bill, "2026-01-01", "gpt-4o").cost == Money::nanos(750'000'000));
    CHECK(line(bill, "2026-01-02", "a \"b\", c").cost == Money::nanos(1'000'000'001));
    CHECK(bill.has_tokens);
    CHECK(bill.has_cost);
}

TEST_CASE("exports of providers are read by their own names", "[reconcile]") {
    auto openai =
        good("start_time,end_time,start_time_iso,num_model_requests,model,input_tokens,"
             "output_tokens,input_cached_tokens\n"
             "1767225600,1767312000,2026-01-01T00:00:00+00:00,3,gpt-4o-2024-08-06,100,7,40\n");
    CHECK(line(openai, "2026-01-01", "gpt-4o").input == 100);
    CHECK(line(openai, "2026-01-01", "gpt-4o").requests == 3);
    auto anthropic =
        good("usage_date_utc,model_version,usage_input_tokens_no_cache,"
             "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_read,usage_output_tokens\n"
             "2026-01-01,claude-sonnet-4-20250514,1,2,4,8\n");
    CHECK(line(anthropic, "2026-01-01", "claude-sonnet-4").input == 7);
    CHECK(line(anthropic, "2026-01-01", "claude-sonnet-4").output == 8);
}

TEST_CASE("JSON reports are buckets of results", "[reconcile]") {
    auto openai = good(R"({"object":"page","data":[{"object":"bucket","start_time":1767225600,
        "end_time":1767312000,"results":[
        {"input_tokens":1000,"output_tokens":500,"input_cached_tokens":800,"num_model_requests":5,
         "project_id":null,"model":"gpt-4o-mini-2024-07-18","batch":null},
        {"input_tokens":1,"output_tokens":2,"model":"gpt-4o-mini"}]}],"has_more":false})");
    CHECK(line(openai, "2026-01-01", "gpt-4o-mini").input == 1001);
    CHECK(line(openai, "2026-01-01", "gpt-4o-mini").requests == 5);
    auto anthropic = good(R"({"data":[{"starting_at":"2026-01-01T00:00:00Z",
        "ending_at":"2026-01-02T00:00:00Z","results":[{"uncached_input_tokens":1500,
        "cache_creation":{"ephemeral_1h_input_tokens":1000,"ephemeral_5m_input_tokens":500},
        "cache_read_input_tokens":200,"output_tokens":50,"server_tool_use":{"web_search_requests":10},
        "model":"claude-sonnet-4-20250514"}]}],"has_more":true})");
    CHECK(line(anthropic, "2026-01-01", "claude-sonnet-4").input == 3200);
    auto costs = good(R"({"data":[{"start_time":1767225600,"results":[
        {"amount":{"value":0.06,"currency":"usd"},"line_item":null}]}]})");
    CHECK(line(costs, "2026-01-01", "").cost == Money::nanos(60'000'000));
    CHECK_FALSE(costs.has_tokens);
}

TEST_CASE("what is no bill is refused with the place", "[reconcile]") {
    CHECK(why("") == "the bill is empty");
    CHECK_THAT(why("a,b\n1,2\n"), Catch::Contains("expected a head"));
    CHECK_THAT(why("date,cost\n2026-01-01,x\n"), Catch::Contains("record 2: the column cost"));
    CHECK_THAT(why("date,input_tokens\n2026-01-01,-4\n"), Catch::Contains("input_tokens"));
    CHECK_THAT(why("date,input_tokens\nyesterday,4\n"), Catch::Contains("column date"));
    CHECK_THAT(why("date,cost\n\"2026-01-01,1\n"), Catch::Contains("does not end"));
    CHECK_THAT(why("{\"data\":[{]}"), Catch::Contains("not JSON"));
    CHECK_THAT(why("{\"data\":[]}"), Catch::Contains("no figures"));
    CHECK_THAT(why(R"([{"input_tokens":4,"model":"m"}])"), Catch::Contains("without a day"));
    CHECK_THAT(why(R"([{"date":"2026-01-01","output_tokens":-4}])"), Catch::Contains("below zero"));
    std::string deep(40, '[');
    CHECK_THAT(why(deep), Catch::Contains("too deep"));
    CHECK_THAT(why("date,input_tokens\n2026-01-01,99999999999999999999\n"),
               Catch::Contains("input_tokens"));
}

TEST_CASE("any bytes are a bill or are refused", "[reconcile]") {
    auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const std::string seeds[] = {
        "date,model,input_tokens,output_tokens,cost\n2026-01-01,gpt,10,2,0.5\n",
        R"({"data":[{"start_time":1767225600,"results":[{"input_tokens":1,"model":"m"}]}]})"};
    for (int i = 0; i < 3000; ++i) {
        auto text = seeds[random() % 2];
        for (auto changes = random() % 6; changes > 0; --changes)
            text[random() % text.size()] = static_cast<char>(random() % 256);
        auto bill = read(text);
        CHECK((bill || !bill.error().message.empty()));
    }
}

TEST_CASE("a bill of too many lines is refused", "[reconcile]") {
    std::string text = "date,model,cost\n";
    for (std::size_t i = 0; i <= lines_max; ++i)
        text += "2026-01-01,m" + std::to_string(i) + "x,1\n";
    CHECK_THAT(why(text), Catch::Contains("more than 100000"));
}
