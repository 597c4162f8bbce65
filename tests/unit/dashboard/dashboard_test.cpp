#include "cli/dashboard/dashboard.hpp"

#include "cli/dashboard/spark.hpp"
#include "cli/output/width.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace obliv::cli;

namespace {

Json figures(int requests, int errors) {
    return Json{{"requests", requests},
                {"errors", errors},
                {"error_rate", requests == 0 ? 0.0 : double(errors) / requests},
                {"input_tokens", 1000},
                {"output_tokens", 234},
                {"cost", "1.250000000"},
                {"p50_ms", 120.0},
                {"p95_ms", 1500.0},
                {"p99_ms", nullptr}};
}

Json live() {
    Json minutes = Json::array();
    for (int i = 0; i < 60; ++i)
        minutes.push_back(Json{{"requests", i}, {"errors", 0}});
    Json models = Json::array();
    models.push_back(Json{{"key", "gpt-4o"}, {"name", "gpt-4o"}, {"figures", figures(30, 1)}});
    models.push_back(Json{{"key", nullptr}, {"name", nullptr}, {"figures", figures(10, 0)}});
    Json windows = Json::array();
    for (const char* name : {"1s", "5m", "1h", "24h"})
        windows.push_back(Json{{"window", name}, {"total", figures(40, 1)}, {"models", models}});
    return Json{{"time", "2026-01-01T12:34:56.789Z"},
                {"today", figures(40, 1)},
                {"minutes", minutes},
                {"windows", windows}};
}

Json calls(const std::string& model = "gpt-4o") {
    return Json::array({Json{{"time", "2026-01-01T12:34:55.000Z"},
                             {"model", model},
                             {"token_id", "3"},
                             {"channel_id", "1"},
                             {"status", 200},
                             {"cost", "0.001000000"},
                             {"duration_ms", 321.5}}});
}

std::string whole(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines)
        out += line + "\n";
    return out;
}

bool has(const std::vector<std::string>& lines, const std::string& text) {
    return whole(lines).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("bars reach from nothing to the top", "[dashboard]") {
    CHECK(sparkline({0, 1, 50, 100}, 10) == " ▁▄█");
    CHECK(sparkline({9, 0, 8}, 2) == " █");
    CHECK(sparkline({0, 0}, 5) == "  ");
    CHECK(sparkline({}, 5).empty());
    CHECK(share_bar(0.5, 4) == "██");
    CHECK(share_bar(0.0, 4).empty());
    CHECK(share_bar(7.0, 2) == "██");
}

TEST_CASE("a frame shows the day, the trend, the models and the last calls", "[dashboard]") {
    auto lines = dashboard(live(), calls(), "", {});
    INFO(whole(lines));
    CHECK(has(lines, "12:34:56 UTC"));
    CHECK(has(lines, "40 requests   1.250000000 USD   97.5 % succeeded"));
    CHECK(has(lines, "40/s   5 min: 40 requests, 2.5 % errors, p50 120 ms, p95 1.5 s, p99 -"));
    CHECK(has(lines, "█"));
    CHECK(has(lines, "gpt-4o"));
    CHECK(has(lines, "75 %"));
    CHECK(has(lines, "all others"));
    CHECK(has(lines, "12:34:55"));
    CHECK(has(lines, "322"));
}

TEST_CASE("a frame fits every terminal", "[dashboard]") {
    for (std::size_t columns : {1, 20, 40, 59, 60, 80, 300})
        for (std::size_t rows : {1, 5, 10, 24, 100}) {
            auto lines =
                dashboard(live(), calls(std::string(500, 'x')), "", {columns, rows, false});
            INFO(columns << " by " << rows << "\n" << whole(lines));
            CHECK(lines.size() <= rows);
            for (const auto& line : lines)
                CHECK(text_width(line) <= columns);
        }
}

TEST_CASE("what the server says drives no terminal", "[dashboard]") {
    auto figures = live();
    figures["today"]["cost"] = "\x1b[2J1";
    figures["time"] = "\x1b]0;x\x07 a text of some length";
    figures["windows"][3]["models"][0]["key"] = "evil\x1b[31m\xe2\x80\xaemodel\nline";
    auto lines = dashboard(figures, calls("m\x1b[1;1H\r\nx"), "why\x1b[0m", {});
    CHECK(whole(lines).find('\x1b') == std::string::npos);
    CHECK(whole(lines).find('\r') == std::string::npos);
    CHECK(has(lines, "evil"));
}

TEST_CASE("an answer that is not one is an empty frame", "[dashboard]") {
    for (const auto& odd : {Json(), Json(5), Json::array({1}), Json{{"windows", "x"}},
                            Json{{"windows", Json::array({Json{{"window", 4}}})}}})
        CHECK(has(dashboard(odd, odd, "", {}), "today   0 requests"));
}

TEST_CASE("a server that is away is said", "[dashboard]") {
    CHECK(
        has(dashboard(live(), calls(), "connection refused", {}), "no answer: connection refused"));
}
