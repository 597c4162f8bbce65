#include "core/api/operation.hpp"
#include "core/api/schema.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <set>

using namespace obliv::api;
using Json = nlohmann::json;

namespace {

constexpr std::array operations{
    Operation{"GET", "/api/v1/things", Access::admin, "Lists things", "limit cursor model", "",
              Answer::list, "Token"},
    Operation{"POST", "/api/v1/things", Access::admin, "Makes one", "", "TokenCreate",
              Answer::object, "Token", 201},
    Operation{"DELETE", "/api/v1/things/{id}", Access::any, "Removes one", "", "", Answer::none, "",
              204},
    Operation{"GET", "/openapi.json", Access::open, "This document"},
};

Json document() {
    auto parsed = Json::parse(openapi_document(operations, "9.8.7"), nullptr, false);
    REQUIRE(parsed.is_object());
    return parsed;
}

}  // namespace

TEST_CASE("every operation stands in the document under its path and method", "[api]") {
    auto paths = document()["paths"];
    CHECK(paths.size() == 3);
    auto list = paths["/api/v1/things"]["get"];
    CHECK(list["operationId"] == "get_things");
    CHECK(list["parameters"].size() == 3);
    CHECK(list["parameters"][0]["schema"]["maximum"] == 1000);
    auto row = list["responses"]["200"]["content"]["application/json"]["schema"]["properties"];
    CHECK(row["data"]["items"]["$ref"] == "#/components/schemas/Token");
    auto create = paths["/api/v1/things"]["post"];
    CHECK(create["requestBody"]["content"]["application/json"]["schema"]["$ref"] ==
          "#/components/schemas/TokenCreate");
    CHECK(create["responses"].contains("201"));
    auto remove = paths["/api/v1/things/{id}"]["delete"];
    CHECK(remove["operationId"] == "delete_things_id");
    CHECK(remove["parameters"][0]["in"] == "path");
    CHECK(remove["parameters"][0]["required"] == true);
    CHECK_FALSE(remove["responses"]["204"].contains("content"));
    CHECK(remove["responses"].contains("default"));
    CHECK(paths["/openapi.json"]["get"]["security"] == Json::array());
    CHECK(document()["info"]["version"] == "9.8.7");
}

TEST_CASE("a schema lists its fields, what is required and what may be null", "[api]") {
    auto schemas = document()["components"]["schemas"];
    CHECK(schemas.size() == all_schemas().size());
    auto patch = schemas["TokenPatch"];
    CHECK(patch["required"] == Json::array());
    CHECK(patch["additionalProperties"] == false);
    CHECK(patch["properties"]["budget"]["anyOf"][1]["type"] == "null");
    auto channel = schemas["ChannelCreate"];
    CHECK(channel["required"] == Json::array({"name", "type", "keys", "models"}));
    CHECK(channel["properties"]["keys"]["writeOnly"] == true);
    CHECK(channel["properties"]["models"]["minItems"] == 1);
    CHECK(channel["properties"]["weight"]["anyOf"][0]["maximum"] == 1'000'000);
    CHECK(schemas["Token"]["properties"]["role"]["enum"] == Json::array({"relay", "admin"}));
}

TEST_CASE("names of schemas and of their fields are unique, and every nested one exists", "[api]") {
    std::set<std::string_view> names;
    for (const auto& one : all_schemas()) {
        CHECK(names.insert(one.name).second);
        std::set<std::string_view> fields;
        for (const auto& field : one.fields) {
            INFO(one.name << "." << field.name);
            CHECK(fields.insert(field.name).second);
            bool nested = field.type == Type::object || field.type == Type::objects;
            CHECK(nested == (!field.of.empty() && field.type != Type::choice));
            if (nested)
                CHECK(schema(field.of).name == field.of);
            if (field.type == Type::integer)
                CHECK(field.low < field.high);
        }
    }
}
