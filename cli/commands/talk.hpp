#pragma once

#include "cli/chat/conversation.hpp"
#include "cli/chat/editor.hpp"
#include "cli/chat/tty.hpp"
#include "cli/chat/view.hpp"
#include "cli/commands/invocation.hpp"

#include <optional>
#include <string>

namespace obliv::cli {

/// The conversation of `obliv chat` on a terminal: reads a line, does what it says, again.
class Talk {
public:
    Talk(Invocation& run, client::Client& client, std::string model, History& history);

    /// Until the person leaves.
    Result<void> go();

private:
    enum class Next : unsigned char { go_on, leave };

    Result<std::optional<std::string>> read_input();
    std::optional<Editor::Outcome> take_keys(const std::string& bytes);
    void draw();
    void say(std::string_view text);
    Next take(const std::string& input);
    Next command(const std::string& name, const std::string& rest);
    void session_command(const std::string& name, const std::string& rest);
    void ask(const std::string& question);
    Reply stream(const Prompt& prompt, std::optional<Error>& problem);
    void set_model(const std::string& name);
    void set_system(const std::string& text);
    void save(const std::string& file);
    void tell_usage();
    void tell_info();

    Invocation& run_;
    client::Client& client_;
    std::string model_;
    History& history_;
    Tty tty_;
    KeyReader keys_;
    Editor editor_;
    InputView view_;
    Conversation conversation_;
    Tokens total_;
};

/// `/help`: every command of a conversation in a line.
std::string talk_help();
/// The names of these commands without the slash.
bool is_talk_command(std::string_view name);

}  // namespace obliv::cli
