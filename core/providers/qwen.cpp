#include "core/providers/qwen.hpp"

#include "core/providers/offers.hpp"

#include <array>

namespace obliv::providers {
namespace {

constexpr std::array compatible{
    openai_chat("/chat/completions"),
    model_list("/models"),
    Offer{Operation::embeddings, nullptr, "/embeddings"},
};

constexpr wire::Dialect dialect() {
    wire::Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    return dialect;
}

}  // namespace

// Keys belong to a region: `dashscope-intl.aliyuncs.com` is another.
const Provider qwen{"qwen", "https://dashscope.aliyuncs.com/compatible-mode/v1", compatible,
                    dialect()};

}  // namespace obliv::providers
