#include "cli/sim/messages.hpp"

#include <utility>

namespace obliv::sim {

Error missing(const char* field) {
    auto error = fail(Code::invalid_request, std::string("'") + field + "' is missing");
    error.param = field;
    return error;
}

llm::Role role_of(std::string_view name) {
    if (name == "system")
        return llm::Role::system;
    if (name == "tool")
        return llm::Role::tool;
    return name == "assistant" ? llm::Role::assistant : llm::Role::user;
}

void add_text(llm::ChatRequest& request, llm::Role role, std::string text) {
    llm::Message said;
    said.role = role;
    said.content.push_back({llm::Text{std::move(text)}});
    request.messages.push_back(std::move(said));
}

}  // namespace obliv::sim
