// What is no chat and has a form of its own: counts of tokens, lists of models, images that are
// made in the background, the forms that sound and pictures come in.
#include "core/base/check.hpp"
#include "core/wire/anthropic_lists.hpp"
#include "core/wire/gemini_lists.hpp"
#include "core/wire/image_tasks.hpp"
#include "core/wire/media_form.hpp"

#include <nlohmann/json.hpp>
#include <string>

using namespace obliv;

namespace {

void check_json(const std::string& text) {
    check(!nlohmann::json::parse(text, nullptr, false).is_discarded(), "what is written is JSON");
}

void check_counts(std::string_view body) {
    if (auto request = wire::read_anthropic_count({body})) {
        check_json(wire::anthropic_count_body(*request));
        if (auto other = wire::gemini_count_body(*request))
            check_json(*other);
    }
    if (auto request = wire::read_gemini_count({body, "m"})) {
        check_json(wire::anthropic_count_body(*request));
        if (auto other = wire::gemini_count_body(*request))
            check_json(*other);
    }
    if (auto count = wire::read_anthropic_count_reply(body))
        check_json(wire::gemini_count_reply(*count));
    if (auto count = wire::read_gemini_count_reply(body))
        check_json(wire::anthropic_count_reply(*count));
}

void check_lists(std::string_view body) {
    if (auto page = wire::read_anthropic_models(body)) {
        std::vector<wire::ListedModel> models;
        for (const auto& id : page->ids)
            models.push_back({id});
        check_json(wire::anthropic_models(models, {page->after_id, {}, 3}));
    }
    static_cast<void>(wire::read_gemini_models(body));
}

void check_images(std::string_view body) {
    if (auto written = wire::write_dashscope_images(body, "m"))
        check_json(*written);
    if (auto task = wire::read_dashscope_task(body))
        check_json(wire::image_task_reply(*task, 1));
}

void check_form(std::string_view body) {
    for (auto media : {llm::MediaKind::images, llm::MediaKind::transcript})
        static_cast<void>(
            wire::read_media_form(media, body, "multipart/form-data; boundary=b", "m", nullptr));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64'000)
        return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    constexpr void (*parts[])(std::string_view) = {check_counts, check_lists, check_images,
                                                   check_form};
    parts[data[0] % std::size(parts)](body);
    return 0;
}
