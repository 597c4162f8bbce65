#include "daemon/relay/objects.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::relay;
using Action = ObjectCall::Action;
using storage::ObjectKind;

TEST_CASE("the paths of files and batches say what is wanted", "[relay]") {
    CHECK(object_call("POST", "/v1/files")->action == Action::create);
    CHECK(object_call("GET", "/v1/files")->action == Action::list);
    CHECK(object_call("GET", "/v1/files/file-1")->action == Action::get);
    CHECK(object_call("GET", "/v1/files/file-1")->id == "file-1");
    CHECK(object_call("GET", "/v1/files/file-1/content")->action == Action::content);
    CHECK(object_call("DELETE", "/v1/files/file-1")->action == Action::remove);
    CHECK(object_call("POST", "/v1/batches/b/cancel")->action == Action::cancel);
    CHECK(object_call("POST", "/v1/batches/b/cancel")->kind == ObjectKind::batch);
    CHECK_FALSE(object_call("DELETE", "/v1/batches/b")->action);
    CHECK_FALSE(object_call("GET", "/v1/batches/b/content"));
    CHECK_FALSE(object_call("GET", "/v1/filesystem"));
    CHECK_FALSE(object_call("GET", "/v1/files/"));
    CHECK_FALSE(object_call("GET", "/v1/files/../x"));
    CHECK_FALSE(object_call("GET", "/v1/files/a%2Fb"));
    CHECK_FALSE(object_call("GET", "/v1/files/" + std::string(129, 'a')));
}

TEST_CASE("a path of files tells which methods it takes", "[relay]") {
    CHECK(object_methods("/v1/files") == "GET, POST");
    CHECK(object_methods("/v1/files/a") == "GET, DELETE");
    CHECK(object_methods("/v1/batches/a/cancel") == "POST");
    CHECK(object_methods("/v1/responses/a").empty());
}

TEST_CASE("a provider's object tells its id, its end and its figures", "[relay]") {
    auto batch = read_object(R"({"id":"batch_1","status":"completed","model":"m",
        "output_file_id":"file-2","error_file_id":null,
        "usage":{"input_tokens":5,"output_tokens":2}})");
    REQUIRE(batch);
    CHECK(batch->ended);
    CHECK(batch->results == std::vector<std::string>{"file-2"});
    CHECK(batch->usage->output == 2);
    CHECK_FALSE(read_object(R"({"id":"batch_1","status":"in_progress"})")->ended);
    CHECK(read_object(R"({"id":"a/b"})").error().code == Code::upstream_failed);
    CHECK(read_object("[]").error().code == Code::upstream_failed);
}

TEST_CASE("a new batch names the file it reads", "[relay]") {
    CHECK(*input_file_of(R"({"input_file_id":"file-1"})") == "file-1");
    CHECK(input_file_of(R"({"input_file_id":"../x"})").error().param == "input_file_id");
    CHECK(input_file_of("{}").error().code == Code::invalid_request);
}

TEST_CASE("a list holds objects as they were told", "[relay]") {
    storage::StoredObject a;
    a.id = "file-1";
    a.json = R"({"id":"file-1","purpose":"batch"})";
    auto b = a;
    b.id = "file-2";
    b.json = R"({"id":"file-2","purpose":"user_data"})";
    CHECK(object_list({a, b}, "", true) ==
          R"({"object":"list","data":[)" + a.json + "," + b.json +
              R"(],"first_id":"file-1","last_id":"file-2","has_more":true})");
    CHECK(object_list({a, b}, "user_data", false) ==
          R"({"object":"list","data":[)" + b.json +
              R"(],"first_id":"file-2","last_id":"file-2","has_more":false})");
    CHECK(object_list({}, "", false) ==
          R"({"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false})");
}
