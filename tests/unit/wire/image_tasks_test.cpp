#include "core/wire/image_tasks.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::wire;

TEST_CASE("a request for images becomes a task in the provider's words", "[wire]") {
    auto body = write_dashscope_images(
        R"({"model":"a","prompt":"a cat","n":2,"size":"1024x768","seed":7,"user":"u"})", "wanx-v1");
    REQUIRE(body);
    CHECK(*body == R"({"model":"wanx-v1","input":{"prompt":"a cat"},)"
                   R"("parameters":{"size":"1024*768","n":2,"seed":7}})");
    auto plain = write_dashscope_images(
        R"({"prompt":"a","size":"auto","response_format":"url","negative_prompt":"b"})", "m");
    REQUIRE(plain);
    CHECK(*plain ==
          R"({"model":"m","input":{"prompt":"a","negative_prompt":"b"},"parameters":{"n":1}})");
}

TEST_CASE("what the provider has no word for is refused by its name", "[wire]") {
    auto param = [](std::string_view body) {
        auto written = write_dashscope_images(body, "m");
        return written ? std::string("none") : written.error().param;
    };
    CHECK(param(R"({"n":1})") == "prompt");
    CHECK(param(R"({"prompt":"a","response_format":"b64_json"})") == "response_format");
    CHECK(param(R"({"prompt":"a","stream":true})") == "stream");
    CHECK(param(R"({"prompt":"a","size":"large"})") == "size");
    CHECK(param(R"({"prompt":"a","size":"1x2x3"})") == "size");
    CHECK(param(R"({"prompt":"a","background":"transparent"})") == "background");
    CHECK(param(R"({"prompt":"a","n":"2"})") == "n");
}

TEST_CASE("a task is running, done or failed", "[wire]") {
    auto running = read_dashscope_task(R"({"output":{"task_id":"t-1","task_status":"PENDING"}})");
    REQUIRE(running);
    CHECK(running->id == "t-1");
    CHECK(running->state == ImageTask::State::running);
    auto done = read_dashscope_task(
        R"({"output":{"task_id":"t","task_status":"SUCCEEDED","results":[)"
        R"({"url":"https://x/1","actual_prompt":"p"},{"code":"E","message":"m"}]}})");
    REQUIRE(done);
    CHECK(done->state == ImageTask::State::succeeded);
    CHECK(image_task_reply(*done, 9) ==
          R"({"created":9,"data":[{"url":"https://x/1","revised_prompt":"p"}]})");
    auto failed = read_dashscope_task(
        R"({"output":{"task_id":"t","task_status":"FAILED","code":"DataInspectionFailed",)"
        R"("message":"bad words"}})");
    REQUIRE(failed);
    CHECK(failed->state == ImageTask::State::failed);
    CHECK(failed->error.code == Code::invalid_request);
    auto empty = read_dashscope_task(R"({"output":{"task_id":"t","task_status":"SUCCEEDED"}})");
    CHECK(empty->state == ImageTask::State::failed);
    CHECK(read_dashscope_task(R"({"output":{"task_id":"../x"}})").error().code ==
          Code::upstream_failed);
    CHECK_FALSE(read_dashscope_task("{}"));
    CHECK_FALSE(read_dashscope_task("<html>"));
}
