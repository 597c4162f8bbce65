#pragma once

#include "cli/chat/completion.hpp"

#include <string>
#include <vector>

namespace obliv::cli {

/// One conversation in memory: turns of a person and a model, under a system prompt.
class Conversation {
public:
    struct Turn {
        std::string question;
        std::string answer;
        bool stopped = false;  ///< the person ended the answer, or it broke off
    };

    std::string system;

    const std::vector<Turn>& turns() const noexcept { return turns_; }
    void clear() { turns_.clear(); }
    void add(Turn turn) { turns_.push_back(std::move(turn)); }
    /// Takes the latest turn off and gives its question; empty when there is none.
    std::string undo();
    /// What is sent for one more question.
    std::vector<Message> messages(const std::string& question) const;
    /// All of it as Markdown.
    std::string markdown() const;

private:
    std::vector<Turn> turns_;
};

}  // namespace obliv::cli
