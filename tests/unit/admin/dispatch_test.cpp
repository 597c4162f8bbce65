#include "tests/unit/admin/world.hpp"

#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "daemon/admin/routes.hpp"

using namespace obliv;
using namespace obliv::test;

namespace {

std::string sample_path(std::string_view route) {
    std::string path;
    for (auto segment : split(route, '/'))
        if (!segment.empty())
            path += "/" + (segment.starts_with('{') ? "x" : std::string(segment));
    return path;
}

}  // namespace

TEST_CASE("paths of the management API are told from others", "[admin]") {
    for (auto path : {"/api/v1/tokens", "/api/", "/api", "/openapi.json",
                      "/v1/dashboard/billing/usage", "/dashboard/billing/usage"})
        CHECK(admin::owns(path));
    for (auto path :
         {"/", "/v1/models", "/apis", "/healthz", "", "/openapi.json/x", "/v1/dashboards"})
        CHECK_FALSE(admin::owns(path));
}

TEST_CASE("a relay token may only ask who it is, on every route", "[admin]") {
    World world;
    world.caller = World::token_caller(storage::TokenRole::relay);
    for (const auto& route : admin::routes()) {
        auto path = sample_path(route.operation.path);
        INFO(route.operation.method << " " << path);
        if (route.operation.access != api::Access::admin)
            continue;
        auto answer = world.bad(std::string(route.operation.method), path, "", "forbidden");
        CHECK(answer.status == 403);
        CHECK(answer["error"]["type"] == "auth");
    }
    CHECK_FALSE(world.host.drained);
    world.caller = World::token_caller(storage::TokenRole::admin);
    world.good("GET", "/api/v1/tokens");
}

TEST_CASE("a stranger gets 401 on every route and learns of no other", "[admin]") {
    World world;
    world.caller = {};
    for (const auto& route : admin::routes())
        if (route.operation.access != api::Access::open)
            CHECK(world
                      .bad(std::string(route.operation.method), sample_path(route.operation.path),
                           "", "unauthenticated")
                      .status == 401);
    world.bad("GET", "/api/v1/nothing", "", "unauthenticated");
    world.bad("DELETE", "/api/v1/tokens", "", "unauthenticated");
}

TEST_CASE("unknown paths and methods are told apart", "[admin]") {
    World world;
    for (const auto* path :
         {"/api", "/api/v1", "/api/v1/token", "/api/v1/tokens/", "/api/v1/tokens//",
          "/api/v1/tokens/x/y", "/api/v2/tokens", "//api/v1/tokens"})
        CHECK(world.bad("GET", path, "", "not_found").status == 404);
    CHECK(world.bad("GET", "/api/v1/%zz", "", "invalid_request").status == 400);
    world.bad("GET", "/api/v1/tokens/%ff", "", "invalid_request");
    world.bad("GET", "/api/v1/tokens/" + std::string(300, 'x'), "", "invalid_request");

    CHECK(world.bad("PUT", "/api/v1/tokens", "", "method_not_allowed").status == 405);
    admin::Incoming incoming;
    incoming.method = "BREW";
    incoming.path = "/api/v1/tokens";
    incoming.caller = World::local_caller();
    auto reply = admin::dispatch(incoming, world.host);
    CHECK(reply.status == 405);
    REQUIRE(reply.headers.size() == 1);
    CHECK(reply.headers[0] == std::pair<std::string, std::string>("allow", "GET, HEAD, POST"));
}

TEST_CASE("queries are checked like bodies", "[admin]") {
    World world;
    auto bad = [&](const std::string& query, const std::string& param) {
        CHECK(world.bad("GET", "/api/v1/tokens?" + query, "", "invalid_request").param() == param);
    };
    bad("limit=0", "limit");
    bad("limit=1001", "limit");
    bad("limit=-1", "limit");
    bad("limit=x", "limit");
    bad("limit=99999999999999999999", "limit");
    bad("limit=1&limit=2", "limit");
    bad("cursor=x", "cursor");
    bad("cursor=channels.1", "cursor");
    bad("cursor=tokens.-1", "cursor");
    bad("limt=1", "limt");
    bad("limit=%zz", "");
    bad("limit=%ff", "");
    bad("&", "");
    bad("=1", "");
    CHECK_THAT(world.bad("GET", "/api/v1/tokens?limt=1", "", "invalid_request").message(),
               Catch::Contains("did you mean 'limit'?"));
    world.good("GET", "/api/v1/tokens?limit=1000&cursor=");
    world.good("GET", "/api/v1/tokens?limit=%31%30");
    world.bad("GET", "/api/v1/system/status?x=1", "", "invalid_request");
}

TEST_CASE("broken bodies change nothing and are explained", "[admin]") {
    World world;
    for (const auto& body : std::vector<std::string>{
             "{", "[]", "null", "{\"name\":\"a\"", "{\"name\":\"\xff\"}", "{\"name\":\"a\"}{}",
             "{\"name\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}",
             "{\"name\":\"" + std::string(1 << 20, 'a') + "\"}", "{\"name\":\"a\",\"name\":\"b\"}",
             std::string("{\"name\":\"a\0\"}", 13)}) {
        auto answer = world.bad("POST", "/api/v1/tokens", body, "invalid_request");
        CHECK(answer.status == 400);
        CHECK(answer.text.size() < 2000);
    }
    world.bad("GET", "/api/v1/tokens", R"({"x":1})", "invalid_request");
    CHECK(world.walk("/api/v1/tokens", "name", 10).empty());
}

TEST_CASE("random requests always get a well-formed answer", "[admin]") {
    auto seed = GENERATE(21u, 22u);
    INFO("seed " << seed);
    Random random(seed);
    World world;
    const std::vector<std::string> bodies{
        "",
        "{}",
        R"({"name":"a"})",
        R"({"amount":"1"})",
        R"({"input":"1","output":"2"})",
        R"({"name":"c","type":"openai","keys":["k"],"models":["m"]})",
        "[1]",
        "{\"x\":"};
    auto routes = admin::routes();
    for (int round = 0; round < 300; ++round) {
        const auto& operation = routes[random.below(routes.size())].operation;
        auto path = sample_path(operation.path);
        if (random.below(4) == 0)
            path[random.below(path.size())] = static_cast<char>(33 + random.below(90));
        auto query = random.below(3) == 0 ? "?limit=" + std::to_string(random.below(2000)) : "";
        auto answer = world.call(std::string(operation.method), path + query,
                                 bodies[random.below(bodies.size())]);
        INFO(operation.method << " " << path << query << " answered " << answer.text);
        CHECK((answer.status >= 200 && answer.status < 500));
    }
}

TEST_CASE("an error that says when to come back says so in a header", "[admin]") {
    auto error = fail(Code::overloaded, "full");
    error.retry_after = std::chrono::milliseconds(1200);
    auto reply = admin::error_reply(error, "r");
    CHECK(reply.status == 503);
    REQUIRE(reply.headers.size() == 1);
    CHECK(reply.headers[0] == std::pair<std::string, std::string>("retry-after", "2"));
}
