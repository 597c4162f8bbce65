#include "core/wire/media_form.hpp"

#include "core/llm/body_fields.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace obliv;
using llm::MediaKind;

namespace {

constexpr std::string_view type = "multipart/form-data; boundary=b";

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string body;
    for (const auto& [name, value] : fields) {
        bool file = name == "file" || name == "image";
        body += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"" +
                (file ? "; filename=\"f\"" : "") + "\r\n\r\n" + value + "\r\n";
    }
    return body + "--b--\r\n";
}

}  // namespace

TEST_CASE("a form names its model, and another one takes its place", "[wire]") {
    auto body = form({{"file", "x"}, {"model", "whisper-1"}, {"stream", "true"}});
    auto call = wire::read_media_form(MediaKind::transcript, body, type, "");
    REQUIRE(call);
    CHECK(call->model == "whisper-1");
    CHECK(call->stream);
    CHECK(call->media->content_type == type);
    CHECK(llm::upstream_edits(*call, "whisper-1").empty());
    CHECK(llm::edited(body, llm::upstream_edits(*call, "w")) ==
          form({{"file", "x"}, {"model", "w"}, {"stream", "true"}}));
}

TEST_CASE("a form without a model gets one in front", "[wire]") {
    auto body = form({{"image", "x"}});
    auto call = wire::read_media_form(MediaKind::images, body, type, "dall-e-2");
    REQUIRE(call);
    CHECK(call->model == "dall-e-2");
    CHECK(llm::upstream_edits(*call, "dall-e-2").empty());
    CHECK(llm::edited(body, llm::upstream_edits(*call, "m")) ==
          form({{"model", "m"}, {"image", "x"}}));
    CHECK_FALSE(wire::read_media_form(MediaKind::transcript, body, type, ""));
}

TEST_CASE("a form bounds what its call may cost", "[wire]") {
    auto images = wire::read_media_form(
        MediaKind::images, form({{"model", "m"}, {"image", "x"}, {"n", "4"}}), type, "");
    REQUIRE(images);
    CHECK(images->media->estimate.images == 4);
    CHECK(images->media->at_most.input > 1000);
    CHECK(images->media->variant == "/");
    images = wire::read_media_form(MediaKind::images,
                                   form({{"model", "m"}, {"quality", "hd"}, {"size", "1024x1792"}}),
                                   type, "");
    REQUIRE(images);
    CHECK(images->media->variant == "1024x1792/hd");
    auto sound =
        wire::read_media_form(MediaKind::transcript,
                              form({{"model", "m"}, {"file", std::string(32'000, 'x')}}), type, "");
    REQUIRE(sound);
    CHECK(sound->media->estimate.seconds == 2);
    CHECK(sound->media->at_most.seconds == 33);
}

TEST_CASE("a form that decides twice is refused", "[wire]") {
    using Fields = std::vector<std::pair<std::string, std::string>>;
    for (const auto& fields :
         {Fields{{"model", "a"}, {"model", "b"}}, Fields{{"model", "a"}, {"MODEL", "b"}},
          Fields{{"model", ""}}, Fields{{"model", "a b"}}, Fields{{"model", "a"}, {"n", "0"}},
          Fields{{"model", "a"}, {"n", "x"}}, Fields{{"model", "a"}, {"stream", "1"}},
          Fields{{"model", "a"}, {"size", "a"}, {"size", "b"}},
          Fields{{"model", "a"}, {"Quality", "hd"}}}) {
        auto call = wire::read_media_form(MediaKind::images, form(fields), type, "");
        REQUIRE_FALSE(call);
        CHECK(call.error().code == Code::invalid_request);
    }
    CHECK_FALSE(wire::read_media_form(MediaKind::images, "x", "multipart/form-data", ""));
}
