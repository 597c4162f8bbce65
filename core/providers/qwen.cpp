#include "core/providers/qwen.hpp"

#include "core/providers/offers.hpp"
#include "core/wire/image_tasks.hpp"

#include <array>

namespace obliv::providers {
namespace {

// DashScope, "Text to image": behind its native API only, and in the background only.
constexpr TaskApi images{
    "/compatible-mode/v1",
    "/api/v1/services/aigc/text2image/image-synthesis",
    "/api/v1/tasks/",
    "/cancel",
    "x-dashscope-async: enable",
    wire::write_dashscope_images,
    wire::read_dashscope_task,
};

constexpr std::array compatible{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
    Offer{
        Operation::image_generations, nullptr, "/images/generations", {}, "POST", nullptr, &images},
};

constexpr wire::Dialect dialect() {
    wire::Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    return dialect;
}

}  // namespace

// Keys belong to a region: `dashscope-intl.aliyuncs.com` is another.
const Provider qwen{.name = "qwen",
                    .default_base_url = "https://dashscope.aliyuncs.com/compatible-mode/v1",
                    .offers = compatible,
                    .dialect = dialect(),
                    .prefill = R"({"partial":true})"};

}  // namespace obliv::providers
