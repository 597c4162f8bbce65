#include "core/wire/dashscope.hpp"

#include <algorithm>
#include <array>

namespace obliv::wire {

bool is_multimodal_qwen(std::string_view model) noexcept {
    constexpr std::array<std::string_view, 5> marks{"-vl", "-omni", "-audio", "-ocr", "qvq"};
    return std::any_of(marks.begin(), marks.end(),
                       [&](auto mark) { return model.find(mark) != std::string_view::npos; });
}

const Wire dashscope{"dashscope", llm::ErrorShape::openai, nullptr,
                     nullptr,     write_dashscope_request, new_dashscope_reader};

}  // namespace obliv::wire
