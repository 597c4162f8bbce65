#include "core/wire/image_tasks.hpp"

#include "core/llm/redact.hpp"
#include "core/wire/fields.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

constexpr std::size_t id_bytes_max = 128;
constexpr std::size_t words_bytes_max = 300;

Error unsupported(std::string_view field, std::string_view why) {
    auto error = fail(Code::unsupported, "'" + std::string(field) + "' " + std::string(why));
    error.param = std::string(field);
    return error;
}

/// `1024x768` as DashScope writes it; empty: it decides.
Result<std::string> size_of(const std::string& size) {
    if (size.empty() || size == "auto")
        return std::string();
    auto cross = size.find('x');
    bool digits = std::all_of(size.begin(), size.end(),
                              [](char c) { return c == 'x' || (c >= '0' && c <= '9'); });
    if (!digits || cross == std::string::npos || cross == 0 || cross + 1 == size.size() ||
        size.find('x', cross + 1) != std::string::npos)
        return unsupported("size", "must be written as 1024x1024");
    auto out = size;
    out[cross] = '*';
    return out;
}

/// What this provider has no word for. Who asks and how it is to be delivered change no image.
Result<void> refuse_rest(const Fields& body) {
    constexpr std::array<std::string_view, 3> hints{"user", "moderation", "partial_images"};
    std::vector<llm::Extra> rest;
    body.rest(rest);
    for (const auto& extra : rest)
        if (std::find(hints.begin(), hints.end(), extra.name) == hints.end())
            return unsupported(extra.name, "cannot be said to this provider");
    return ok();
}

bool is_id(std::string_view id) {
    return !id.empty() && id.size() <= id_bytes_max &&
           std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

void read_images(const Json& output, ImageTask& task) {
    const auto* results = member(output, "results");
    if (results == nullptr || !results->is_array())
        return;
    for (const auto& result : *results) {
        ImageTask::Image image{string_in(result, "url"), string_in(result, "actual_prompt")};
        if (!image.url.empty())
            task.images.push_back(std::move(image));
    }
}

}  // namespace

Result<std::string> write_dashscope_images(std::string_view text, std::string_view model) {
    auto json = parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    std::string prompt;
    std::string negative;
    std::string size;
    std::string format;
    std::string name;
    bool stream = false;
    std::optional<std::int64_t> count;
    std::optional<std::int64_t> seed;
    body.read("model", name);
    body.read("prompt", prompt);
    body.read("negative_prompt", negative);
    body.read("size", size);
    body.read("response_format", format);
    body.read("stream", stream);
    body.read("n", count);
    body.read("seed", seed);
    body.require("prompt", "given: what is to be seen?");
    if (complaint)
        return *complaint.first();
    if (!format.empty() && format != "url")
        return unsupported("response_format", "can be url only: the provider keeps the images");
    if (stream)
        return unsupported("stream", "is not possible: the images are made in the background");
    auto resolution = size_of(size);
    if (!resolution)
        return resolution.error();
    if (auto fits = refuse_rest(body); !fits)
        return fits.error();
    Json out{{"model", model}, {"input", {{"prompt", prompt}}}, {"parameters", Json::object()}};
    if (!negative.empty())
        out["input"]["negative_prompt"] = negative;
    if (!resolution->empty())
        out["parameters"]["size"] = *resolution;
    out["parameters"]["n"] = count.value_or(1);  // its own default is four
    if (seed)
        out["parameters"]["seed"] = *seed;
    return json_text(out);
}

Result<ImageTask> read_dashscope_task(std::string_view reply) {
    auto json = parse_json(reply);
    const auto* output = json ? member(*json, "output") : nullptr;
    ImageTask task;
    if (output != nullptr)
        task.id = string_in(*output, "task_id");
    if (!is_id(task.id))
        return fail(Code::upstream_failed, "the provider's answer is about no task");
    auto status = string_in(*output, "task_status");
    if (status == "PENDING" || status == "RUNNING" || status == "SUSPENDED")
        return task;
    read_images(*output, task);
    // Of several images some may have failed.
    if (status == "SUCCEEDED" && !task.images.empty()) {
        task.state = ImageTask::State::succeeded;
        return task;
    }
    task.state = ImageTask::State::failed;
    auto code = string_in(*output, "code");
    auto words = llm::redact(string_in(*output, "message"), words_bytes_max);
    // The prompt is at fault (DashScope, "Error codes"), whoever would be asked.
    bool callers = code.starts_with("DataInspection") || code.starts_with("InvalidParameter");
    if (!words.empty())
        task.error = fail(callers ? Code::invalid_request : Code::upstream_failed,
                          "the provider could not make the images: " + words);
    return task;
}

std::string image_task_reply(const ImageTask& task, std::int64_t created) {
    Json data = Json::array();
    for (const auto& image : task.images) {
        Json each{{"url", image.url}};
        if (!image.prompt.empty())
            each["revised_prompt"] = image.prompt;
        data.push_back(std::move(each));
    }
    return json_text(Json{{"created", created}, {"data", std::move(data)}});
}

}  // namespace obliv::wire
