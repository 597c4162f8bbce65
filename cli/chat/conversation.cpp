#include "cli/chat/conversation.hpp"

namespace obliv::cli {

std::string Conversation::undo() {
    if (turns_.empty())
        return {};
    auto question = std::move(turns_.back().question);
    turns_.pop_back();
    return question;
}

std::vector<Message> Conversation::messages(const std::string& question) const {
    std::vector<Message> all;
    if (!system.empty())
        all.push_back({"system", system});
    for (const auto& turn : turns_) {
        all.push_back({"user", turn.question});
        // Several servers refuse an empty message.
        if (!turn.answer.empty())
            all.push_back({"assistant", turn.answer});
    }
    all.push_back({"user", question});
    return all;
}

std::string Conversation::markdown() const {
    std::string out;
    if (!system.empty())
        out += "## System\n\n" + system + "\n\n";
    for (const auto& turn : turns_) {
        out += "## You\n\n" + turn.question + "\n\n## Model\n\n" + turn.answer + "\n\n";
        if (turn.stopped)
            out += "*(stopped)*\n\n";
    }
    return out;
}

}  // namespace obliv::cli
