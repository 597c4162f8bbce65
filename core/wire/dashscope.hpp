#pragma once

#include "core/wire/wire.hpp"

#include <string_view>

namespace obliv::wire {

/// Alibaba's own `generation` and `multimodal-generation`: towards providers only.
extern const Wire dashscope;

/// Whether the model is asked at `multimodal-generation`, where a message is a list of parts; the
/// other path takes texts only. Told by its name.
bool is_multimodal_qwen(std::string_view model) noexcept;

Result<WrittenRequest> write_dashscope_request(const llm::ChatRequest& request,
                                               const Dialect& dialect);
std::unique_ptr<ReplyReader> new_dashscope_reader(const ReadOptions& options);

}  // namespace obliv::wire
