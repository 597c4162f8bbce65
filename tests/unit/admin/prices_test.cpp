#include "tests/unit/admin/world.hpp"

using namespace obliv;
using namespace obliv::test;

TEST_CASE("a price is set, shown, replaced and taken off", "[admin]") {
    World world;
    auto first = world.good("PUT", "/api/v1/prices/gpt-4o",
                            R"({"input":"2.50","output":"10","cache_read":"1.25",
                                "per_call":"0.01","reasoning":null})");
    CHECK(first["model"] == "gpt-4o");
    CHECK(first["output"] == "10.00");
    CHECK(first["cache_read"] == "1.25");
    CHECK(first["reasoning"].is_null());
    CHECK(first["audio_in"].is_null());
    CHECK(first["per_call"] == "0.01");
    CHECK(first["removed"] == false);
    world.host.clock_.advance(std::chrono::hours(1));
    auto second = world.good("PUT", "/api/v1/prices/gpt-4o", R"({"input":"3","output":"12"})");
    CHECK(second["version"] != first["version"]);
    CHECK(second["cache_read"].is_null());
    CHECK(second["per_call"] == "0.00");
    CHECK(world.good("GET", "/api/v1/prices/gpt-4o")["version"] == second["version"]);
    auto list = world.good("GET", "/api/v1/prices");
    REQUIRE(list["data"].size() == 1);
    CHECK(list["data"][0]["version"] == second["version"]);

    world.host.clock_.advance(std::chrono::hours(1));
    world.good("DELETE", "/api/v1/prices/gpt-4o", "", 204);
    CHECK(world.good("GET", "/api/v1/prices")["data"].empty());
    world.bad("DELETE", "/api/v1/prices/gpt-4o", "", "not_found");
    world.bad("GET", "/api/v1/prices/gpt-4o", "", "not_found");
    for (int limit : {1, 2, 3})
        CHECK(world.walk("/api/v1/prices/gpt-4o/history", "version", limit).size() == 3);
    auto history = world.good("GET", "/api/v1/prices/gpt-4o/history");
    REQUIRE(history["data"].size() == 3);
    CHECK(history["data"][0]["removed"] == true);
    CHECK(history["data"][2]["version"] == first["version"]);
    CHECK(world.host.publications == std::vector<std::string>(3, "prices"));
}

TEST_CASE("a price is set ahead, and taken off with the one in force", "[admin]") {
    World world;
    auto set = [&](const std::string& from) {
        return world.good("PUT", "/api/v1/prices/m",
                          R"({"input":"2","output":"2","effective_from":")" + from + "\"}");
    };
    world.good("PUT", "/api/v1/prices/m", R"({"input":"1","output":"1","effective_from":null})");
    auto ahead = set("2026-02-01T00:00:00Z");
    CHECK(ahead["effective_from"] == "2026-02-01T00:00:00.000Z");
    CHECK(world.good("GET", "/api/v1/prices/m")["input"] == "1.00");
    world.host.clock_.advance(std::chrono::hours(24 * 40));
    CHECK(world.good("GET", "/api/v1/prices/m")["version"] == ahead["version"]);
    CHECK(world
              .bad("PUT", "/api/v1/prices/m",
                   R"({"input":"2","output":"2","effective_from":"2026-02-01T00:00:00Z"})",
                   "invalid_request")
              .param() == "effective_from");

    set("2026-04-01T00:00:00Z");
    set("2026-03-01T00:00:00Z");
    set("2026-03-01T00:00:00Z");
    world.good("DELETE", "/api/v1/prices/m", "", 204);
    world.bad("GET", "/api/v1/prices/m", "", "not_found");
    world.host.clock_.advance(std::chrono::hours(24 * 365));
    world.bad("GET", "/api/v1/prices/m", "", "not_found");
    world.bad("DELETE", "/api/v1/prices/m", "", "not_found");

    // One that is not in force yet can be taken off, too.
    set("2028-01-01T00:00:00Z");
    world.bad("GET", "/api/v1/prices/m", "", "not_found");
    world.good("DELETE", "/api/v1/prices/m", "", 204);
    world.host.clock_.advance(std::chrono::hours(24 * 1000));
    world.bad("GET", "/api/v1/prices/m", "", "not_found");
}

TEST_CASE("the price of one call is kept to the nano-dollar", "[admin]") {
    World world;
    auto set = [&](const std::string& amount) {
        return world.good("PUT", "/api/v1/prices/m",
                          R"({"input":"0","output":"0","per_call":")" + amount + "\"}")["per_call"];
    };
    CHECK(set("0.000000001") == "0.000000001");
    CHECK(set("9223.372036854") == "9223.372036854");
    CHECK(world
              .bad("PUT", "/api/v1/prices/m",
                   R"({"input":"0","output":"0","per_call":"9223.372036855"})", "invalid_request")
              .param() == "per_call");
}

TEST_CASE("a model with a slash has a price, too", "[admin]") {
    World world;
    world.good("PUT", "/api/v1/prices/meta%2Fllama-3", R"({"input":"1","output":"1"})");
    CHECK(world.good("GET", "/api/v1/prices")["data"][0]["model"] == "meta/llama-3");
    CHECK(world.good("GET", "/api/v1/prices/meta%2Fllama-3/history")["data"].size() == 1);
    world.bad("PUT", "/api/v1/prices/meta/llama-3", R"({"input":"1","output":"1"})", "not_found");
    world.good("DELETE", "/api/v1/prices/meta%2Fllama-3", "", 204);
}

TEST_CASE("a price that cannot be charged is refused", "[admin]") {
    World world;
    auto refused = [&](const std::string& body, const std::string& param) {
        CHECK(world.bad("PUT", "/api/v1/prices/m", body, "invalid_request").param() == param);
    };
    refused("", "input");
    refused(R"({"input":"1"})", "output");
    refused(R"({"input":"-1","output":"1"})", "input");
    refused(R"({"input":1,"output":"1"})", "input");
    refused(R"({"input":null,"output":"1"})", "input");
    refused(R"({"input":"1","output":"99999999999"})", "output");
    refused(R"({"input":"1","output":"1","cached":"1"})", "cached");
    world.bad("PUT", "/api/v1/prices/a%20b", R"({"input":"1","output":"1"})", "invalid_request");
    world.bad("PUT", "/api/v1/prices/" + std::string(129, 'm'), R"({"input":"1","output":"1"})",
              "invalid_request");
    world.bad("GET", "/api/v1/prices/none/history", "", "not_found");
    world.bad("DELETE", "/api/v1/prices/none", "", "not_found");
}

TEST_CASE("a walk over prices sees each model once while others are added", "[admin]") {
    World world;
    auto set = [&](const std::string& model) {
        world.good("PUT", "/api/v1/prices/" + model, R"({"input":"1","output":"1"})");
    };
    // Backwards, so that the order of names differs from that of versions.
    for (char c = 'g'; c >= 'a'; --c)
        set(std::string(1, c));
    auto first = world.good("GET", "/api/v1/prices?limit=3");
    set("aa");
    auto rest = world.good("GET", "/api/v1/prices?limit=1000&cursor=" +
                                      first["next_cursor"].get<std::string>());
    std::multiset<std::string> seen;
    for (const auto* page : {&first, &rest})
        for (const auto& row : (*page)["data"])
            seen.insert(row["model"].get<std::string>());
    CHECK(seen == std::multiset<std::string>{"a", "aa", "b", "c", "d", "e", "f", "g"});
    for (int limit : {1, 2, 8})
        CHECK(world.walk("/api/v1/prices", "model", limit).size() == 8);
}

TEST_CASE("images, seconds and characters are priced for one of each", "[admin]") {
    World world;
    auto price = world.good("PUT", "/api/v1/prices/m",
                            R"({"input":"0","output":"0","per_image":"0.04",)"
                            R"("per_second":"0.0001","per_character":"0.000015"})");
    CHECK(price["per_image"] == "0.04");
    CHECK(price["per_second"] == "0.0001");
    CHECK(price["per_character"] == "0.000015");
    CHECK(price["per_call"] == "0.00");
}

TEST_CASE("a price has tiers, a part for batches, and a place", "[admin]") {
    World world;
    world.good("PUT", "/api/v1/prices/m", R"({"input":"1","output":"2"})");
    auto set = world.good("PUT", "/api/v1/prices/m",
                          R"({"input":"1","output":"2","variant":"hd","batch":"0.5",
                              "tiers":[{"above":1000,"input":"3","output":"4","reasoning":"5"},
                                       {"above":2000,"input":"6","output":"7"}]})");
    CHECK(set["variant"] == "hd");
    CHECK(set["channel"].is_null());
    CHECK(set["batch"] == "0.50");
    REQUIRE(set["tiers"].size() == 2);
    CHECK(set["tiers"][0]["above"] == 1000);
    CHECK(set["tiers"][0]["reasoning"] == "5.00");
    CHECK(set["tiers"][1]["cache_read"].is_null());
    // Beside each other: neither replaces the other.
    CHECK(world.good("GET", "/api/v1/prices/m")["tiers"].empty());
    CHECK(world.good("GET", "/api/v1/prices/m?variant=hd")["tiers"] == set["tiers"]);
    CHECK(world.good("GET", "/api/v1/prices")["data"].size() == 2);
    world.bad("GET", "/api/v1/prices/m?variant=sd", "", "not_found");
    CHECK(world.bad("GET", "/api/v1/prices/m?channel=none", "", "not_found").param() == "channel");
    world.good("DELETE", "/api/v1/prices/m", "", 204);
    CHECK(world.good("GET", "/api/v1/prices/m?variant=hd")["version"] == set["version"]);
    world.good("DELETE", "/api/v1/prices/m?variant=hd", "", 204);
    CHECK(world.good("GET", "/api/v1/prices")["data"].empty());

    auto refused = [&](const std::string& more) {
        return world
            .bad("PUT", "/api/v1/prices/m", R"({"input":"1","output":"2",)" + more + "}",
                 "invalid_request")
            .param();
    };
    CHECK(refused(R"("batch":"1.000001")") == "batch");
    CHECK(refused(R"("batch":"0.0000001")") == "batch");
    CHECK(refused(R"("tiers":[{"above":5,"input":"1","output":"1"},
                              {"above":5,"input":"1","output":"1"}])") == "tiers");
}

TEST_CASE("prices are imported all or none, and only what differs", "[admin]") {
    World world;
    auto import = [&](const std::string& prices, bool dry_run) {
        return world.good("POST", "/api/v1/prices/import",
                          R"({"prices":[)" + prices + R"(],"dry_run":)" +
                              (dry_run ? "true}" : "false}"));
    };
    const std::string a = R"({"model":"a","input":"1","output":"2"})";
    const std::string b = R"({"model":"b","input":"1","output":"2","variant":"hd"})";
    CHECK(import(a + "," + b, true)["added"] == 2);
    CHECK(world.good("GET", "/api/v1/prices")["data"].empty());
    CHECK(world.host.publications.empty());
    CHECK(import(a + "," + b, false)["added"] == 2);
    CHECK(world.host.publications == std::vector<std::string>{"prices"});
    auto again = import(a + "," + b, false);
    CHECK(again["unchanged"] == 2);
    CHECK(again["changes"].empty());
    CHECK(world.host.publications.size() == 1);
    auto changed = import(R"({"model":"a","input":"1","output":"3"})", false);
    CHECK(changed["changed"] == 1);
    CHECK(changed["changes"][0]["before"]["output"] == "2.00");
    CHECK(changed["changes"][0]["after"]["output"] == "3.00");
    world.bad("POST", "/api/v1/prices/import",
              R"({"prices":[{"model":"c","input":"1","output":"2"},)" + a + "," + a + "]}",
              "invalid_request");
    world.bad("GET", "/api/v1/prices/c", "", "not_found");
}
