#include "core/llm/content.hpp"

namespace obliv::llm {

// Out of line and written out: a defaulted one, which compares parts that hold results again, sends
// clang 14 into an endless recursion.
bool ToolResult::operator==(const ToolResult& other) const {
    return call_id == other.call_id && name == other.name && content == other.content &&
           is_error == other.is_error;
}

}  // namespace obliv::llm
