#include "daemon/metrics/metrics.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace obliv;
using namespace obliv::metrics;
using namespace std::chrono_literals;

namespace {

Observation call(std::string_view model, int status) {
    Observation out;
    out.route = "/v1/chat/completions";
    out.model = model;
    out.channel = "c\"1";
    out.status = status;
    out.usage.input = 9;
    out.usage.output = 4;
    out.cost = Money::nanos(12'500);
    out.duration = 30ms;
    out.ttft = 7ms;
    return out;
}

}  // namespace

TEST_CASE("what loops count apart is shown together", "[metrics]") {
    Metrics metrics(2);
    metrics.observe(0, call("gpt-4o", 200));
    metrics.observe(1, call("gpt-4o", 200));
    auto failed = call("gpt-4o", 502);
    failed.error = "upstream_failed";
    failed.usage = {};
    failed.cost = {};
    failed.ttft = -1us;
    metrics.observe(1, failed);
    auto text = metrics.render({});
    const std::string labels = R"({route="/v1/chat/completions",model="gpt-4o",channel="c\"1")";
    CHECK_THAT(text, Catch::Contains("oblivd_requests_total" + labels + ",status=\"200\"} 2\n"));
    CHECK_THAT(text, Catch::Contains("oblivd_requests_total" + labels + ",status=\"502\"} 1\n"));
    CHECK_THAT(text,
               Catch::Contains("oblivd_errors_total" + labels + ",code=\"upstream_failed\"} 1\n"));
    CHECK_THAT(text, Catch::Contains("oblivd_tokens_total" + labels + ",kind=\"input\"} 18\n"));
    CHECK_THAT(text, Catch::Contains("oblivd_cost_usd_total" + labels + "} 0.000025\n"));
    CHECK_THAT(text, Catch::Contains("oblivd_request_duration_seconds_bucket" + labels +
                                     ",le=\"0.025\"} 0\n"));
    CHECK_THAT(text, Catch::Contains("oblivd_request_duration_seconds_bucket" + labels +
                                     ",le=\"0.05\"} 3\n"));
    CHECK_THAT(text, Catch::Contains("oblivd_request_duration_seconds_bucket" + labels +
                                     ",le=\"+Inf\"} 3\n"));
    CHECK_THAT(text, Catch::Contains("oblivd_request_duration_seconds_sum" + labels + "} 0.09\n"));
    CHECK_THAT(text,
               Catch::Contains("oblivd_time_to_first_token_seconds_count" + labels + "} 2\n"));
}

TEST_CASE("requests of several models in turn are each counted as their own", "[metrics]") {
    Metrics metrics(1);
    for (std::string_view model : {"a", "a", "b", "a", "b", "b", "b"})
        metrics.observe(0, call(model, 200));
    auto other = call("b", 200);
    other.channel = "c2";
    metrics.observe(0, other);
    auto text = metrics.render({});
    CHECK_THAT(text, Catch::Contains(R"(model="a",channel="c\"1",status="200"} 3)"));
    CHECK_THAT(text, Catch::Contains(R"(model="b",channel="c\"1",status="200"} 4)"));
    CHECK_THAT(text, Catch::Contains(R"(model="b",channel="c2",status="200"} 1)"));
}

TEST_CASE("gauges stand under their own name", "[metrics]") {
    Metrics metrics(1);
    std::vector<Gauge> gauges{{"oblivd_queue_length", {{"queue", "calls"}}, 7}};
    auto text = metrics.render(gauges);
    auto type = text.find("# TYPE oblivd_queue_length gauge\n");
    auto line = text.find("oblivd_queue_length{queue=\"calls\"} 7\n");
    REQUIRE(type != std::string::npos);
    REQUIRE(line != std::string::npos);
    CHECK(type < line);
}

TEST_CASE("names from outside cannot make the exposition grow without bound", "[metrics]") {
    Metrics metrics(1);
    for (int i = 0; i < 5000; ++i)
        metrics.observe(0, call("m" + std::to_string(i), 200));
    auto text = metrics.render({});
    CHECK_THAT(text, Catch::Contains("model=\"other\",channel=\"other\",status=\"200\"} 3000\n"));
}

TEST_CASE("docs/metrics.md lists every metric with its type and meaning, and no other",
          "[metrics]") {
    std::ifstream file(OBLIV_DOCS "/metrics.md");
    std::stringstream page;
    page << file.rdbuf();
    auto text = page.str();
    std::size_t rows = 0;
    for (const auto& metric : catalogue()) {
        auto row = "| `" + std::string(metric.name) + "` | " + std::string(metric.type) + " | " +
                   std::string(metric.labels) + " | " + std::string(metric.help) + " |";
        CHECK_THAT(text, Catch::Contains(row));
        ++rows;
    }
    std::size_t listed = 0;
    for (auto at = text.find("| `oblivd_"); at != std::string::npos;
         at = text.find("| `oblivd_", at + 1))
        ++listed;
    CHECK(listed == rows);
}
