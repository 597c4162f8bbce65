#include "core/providers/qwen.hpp"

#include "core/providers/offers.hpp"
#include "core/wire/dashscope.hpp"
#include "core/wire/image_tasks.hpp"

#include <array>

namespace obliv::providers {
namespace {

// DashScope, "Text to image": behind its native API only, and in the background only.
constexpr TaskApi images_below(std::string_view base) {
    return {base,
            "/api/v1/services/aigc/text2image/image-synthesis",
            "/api/v1/tasks/",
            "/cancel",
            "x-dashscope-async: enable",
            wire::write_dashscope_images,
            wire::read_dashscope_task};
}
constexpr TaskApi images = images_below("/compatible-mode/v1");
constexpr TaskApi native_images = images_below("/api/v1");

constexpr Offer images_by(const TaskApi& tasks) {
    return {
        Operation::image_generations, nullptr, "/images/generations", {}, "POST", nullptr, &tasks};
}

constexpr std::array compatible{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    images_by(images),
};

/// A model that takes more than text is asked elsewhere.
std::string generation_of(std::string_view model) {
    return wire::is_multimodal_qwen(model) ? "/services/aigc/multimodal-generation/generation"
                                           : "/services/aigc/text-generation/generation";
}

constexpr std::array native{
    Offer{
        .operation = Operation::chat, .wire = &wire::dashscope, .path = {}, .place = generation_of},
    images_by(native_images),
};

constexpr wire::Dialect dialect() {
    wire::Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    return dialect;
}

const Provider qwen_native{.name = "qwen", .default_base_url = {}, .offers = native};

/// `https://dashscope.aliyuncs.com/api/v1` means DashScope's own format.
const Provider* form_of(std::string_view base_url) {
    return base_url.ends_with("/api/v1") ? &qwen_native : &qwen;
}

}  // namespace

// Keys belong to a region: `dashscope-intl.aliyuncs.com` is another.
const Provider qwen{.name = "qwen",
                    .default_base_url = "https://dashscope.aliyuncs.com/compatible-mode/v1",
                    .offers = compatible,
                    .dialect = dialect(),
                    .form_of = form_of,
                    .prefill = R"({"partial":true})"};

}  // namespace obliv::providers
