#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::wire {

/// Images that a provider makes in the background: what it says of the task, in neutral form.
struct ImageTask {
    enum class State : std::uint8_t { running, succeeded, failed };
    struct Image {
        std::string url;
        std::string prompt;  ///< what the provider made of the prompt; empty: as it was
    };
    std::string id;
    State state = State::running;
    std::vector<Image> images;
    Error error = fail(Code::upstream_failed, "the provider could not make the images");
};

// Alibaba DashScope, "Text to image" (wanx, wan, qwen-image).

/// An OpenAI request for images as a task. invalid_request, unsupported: what it cannot say, by
/// the field's name.
Result<std::string> write_dashscope_images(std::string_view body, std::string_view model);
/// upstream_failed: it is no answer about a task.
Result<ImageTask> read_dashscope_task(std::string_view reply);

/// The reply that OpenAI's client waits for.
std::string image_task_reply(const ImageTask& task, std::int64_t created);

}  // namespace obliv::wire
