#include "tests/unit/admin/world.hpp"

#include <algorithm>

using namespace obliv;
using namespace obliv::test;

namespace {

Json described(const std::string& path) {
    return Json{{"description", "name = \"acme\"\nbase_url = \"https://acme.test/v1\"\n"
                                "[paths]\nchat = \"" +
                                    path + "\"\n"}};
}

}  // namespace

TEST_CASE("a provider is described, changed, used and removed", "[admin]") {
    World world;
    auto made = world.call("POST", "/api/v1/providers", described("/chat").dump());
    REQUIRE(made.status == 201);
    CHECK(made["type"] == "acme");
    CHECK(made["custom"] == true);
    CHECK(made["version"] == "1");
    CHECK(made["operations"] == Json{"chat"});
    CHECK(world.call("POST", "/api/v1/providers", described("/chat").dump()).code() == "conflict");

    REQUIRE(world.call("PUT", "/api/v1/providers/acme", described("/chat2").dump()).status == 200);
    auto shown = world.call("GET", "/api/v1/providers/acme");
    CHECK(shown["version"] == "2");
    CHECK(shown["description"].get<std::string>().find("/chat2") != std::string::npos);
    CHECK(world.call("GET", "/api/v1/providers/acme/versions")["data"].size() == 2);

    auto channel = world.call(
        "POST", "/api/v1/channels",
        Json{{"name", "c"}, {"type", "acme"}, {"keys", Json::array()}, {"models", {"m"}}}.dump());
    REQUIRE(channel.status == 201);
    CHECK(channel["health"]["state"] == "up");
    CHECK(world.call("DELETE", "/api/v1/providers/acme").code() == "conflict");
    REQUIRE(world.call("DELETE", "/api/v1/channels/c").status == 204);
    CHECK(world.call("DELETE", "/api/v1/providers/acme").status == 204);
    CHECK(world.call("GET", "/api/v1/providers/acme").status == 404);
    CHECK(world.call("GET", "/api/v1/providers/acme/versions")["data"].size() == 3);
    CHECK(world.call("POST", "/api/v1/providers", described("/chat").dump())["version"] == "4");
}

TEST_CASE("what is built in is listed and does not change", "[admin]") {
    World world;
    auto list = world.call("GET", "/api/v1/providers");
    std::vector<std::string> types;
    for (const auto& row : list["data"])
        types.push_back(row["type"]);
    CHECK(std::is_sorted(types.begin(), types.end()));
    for (const char* type : {"openai", "azure", "cohere", "mistral", "ollama", "zhipu"})
        CHECK(std::find(types.begin(), types.end(), type) != types.end());
    CHECK(world.call("GET", "/api/v1/providers/azure")["default_base_url"].is_null());
    CHECK(world.call("PUT", "/api/v1/providers/openai", described("/x").dump()).code() ==
          "conflict");
    CHECK(world.call("DELETE", "/api/v1/providers/openai").code() == "conflict");
    CHECK(world.call("PUT", "/api/v1/providers/nobody", described("/x").dump()).status == 400);
    CHECK(world.call("PUT", "/api/v1/providers/acme", described("/x").dump()).status == 404);
}

TEST_CASE("a channel tells its models, and those of its provider only when asked", "[admin]") {
    World world;
    REQUIRE(
        world
            .call("POST", "/api/v1/channels",
                  Json{{"name", "c"}, {"type", "openai"}, {"keys", {"k"}}, {"models", {"b", "x"}}}
                      .dump())
            .status == 201);
    auto own = world.call("GET", "/api/v1/channels/c/models");
    REQUIRE(own["data"].size() == 2);
    CHECK(own["data"][0]["offered"].is_null());
    CHECK(world.host.fetched.empty());

    auto rows = world.call("GET", "/api/v1/channels/c/models?fetch=true")["data"];
    CHECK(world.host.fetched == "c");
    std::vector<std::string> told;
    for (const auto& row : rows)
        told.push_back(row["model"].get<std::string>() +
                       (row["served"].get<bool>() ? " served" : "") +
                       (row["offered"].get<bool>() ? " offered" : ""));
    CHECK(told ==
          std::vector<std::string>{"a offered", "b served offered", "c offered", "x served"});

    world.host.offered = fail(Code::unsupported, "no list");
    CHECK(world.call("GET", "/api/v1/channels/c/models?fetch=true").message() ==
          "channel 'c': no list");
    CHECK(world.call("GET", "/api/v1/channels/c/models?fetch=maybe").param() == "fetch");
}

TEST_CASE("what is left of each key's money is told, or why not", "[admin]") {
    World world;
    auto body =
        Json{{"name", "c"}, {"type", "deepseek"}, {"keys", {"k1", "k2"}}, {"models", {"m"}}};
    REQUIRE(world.call("POST", "/api/v1/channels", body.dump()).status == 201);
    auto rows = world.call("GET", "/api/v1/channels/c/balance")["data"];
    REQUIRE(rows.size() == 2);
    CHECK(rows[0]["amount"] == "12.50");
    CHECK(rows[0]["currency"] == "USD");
    CHECK(rows[0]["error"].is_null());
    CHECK(rows[1]["amount"].is_null());
    CHECK(rows[1]["error"] == "the provider answered 401");
    CHECK(rows[0]["key"] != rows[1]["key"]);
    CHECK(world.call("GET", "/api/v1/channels/nobody/balance").status == 404);
}

TEST_CASE("a description that is wrong says where", "[admin]") {
    World world;
    auto wrong = world.call("POST", "/api/v1/providers",
                            Json{{"description", "name = \"x\"\n[paths]\nfoo = \"/\""}}.dump());
    CHECK(wrong.status == 400);
    CHECK(wrong.param() == "description");
    CHECK(wrong.message().find("description:3:1") != std::string::npos);
    auto azure = world.call(
        "POST", "/api/v1/channels",
        Json{{"name", "a"}, {"type", "azure"}, {"keys", {"k"}}, {"models", {"m"}}}.dump());
    CHECK(azure.param() == "base_url");
}
