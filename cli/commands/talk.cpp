#include "cli/commands/talk.hpp"

#include "cli/output/sink.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>

namespace obliv::cli {
namespace {

// How long an ESC waits for the rest of its sequence.
constexpr int escape_pause_ms = 50;

struct TalkCommand {
    std::string_view name;
    std::string_view arguments;
    std::string_view meaning;
};
constexpr std::array commands{
    TalkCommand{"help", "", "list these commands"},
    TalkCommand{"quit", "", "leave (so does Ctrl-D)"},
    TalkCommand{"clear", "", "clear the screen"},
    TalkCommand{"new", "", "start a new conversation"},
    TalkCommand{"model", "[ID]", "show or change the model"},
    TalkCommand{"system", "[TEXT]", "show or change the system prompt; - removes it"},
    TalkCommand{"retry", "", "ask the last question again"},
    TalkCommand{"undo", "", "take the last question and its answer back"},
    TalkCommand{"usage", "", "show the tokens of this conversation"},
    TalkCommand{"info", "", "show server, model and length"},
    TalkCommand{"save", "FILE", "write the conversation to a new Markdown file"}};

}  // namespace

std::string talk_help() {
    std::string out;
    for (const auto& command : commands) {
        auto head = "  /" + std::string(command.name) + " " + std::string(command.arguments);
        out += head + std::string(18 - head.size(), ' ') + std::string(command.meaning) + "\n";
    }
    return out + "Enter sends; Alt-Enter, Ctrl-J or a \\ at the end starts a new line.\n"
                 "Ctrl-R searches what was sent; a space in front keeps a line out of it.\n"
                 "// at the start sends a slash.\n";
}

bool is_talk_command(std::string_view name) {
    for (const auto& command : commands)
        if (command.name == name)
            return true;
    return false;
}

Talk::Talk(Invocation& run, client::Client& client, std::string model, History& history)
    : run_(run), client_(client), model_(std::move(model)), history_(history), editor_(history) {
    conversation_.system = run.values.text("system").value_or(run.settings.text("system"));
}

Result<void> Talk::go() {
    say(visible(model_) + " at " + client_.endpoint().text + "; /help lists the commands\n");
    while (true) {
        auto input = read_input();
        if (!input)
            return input.error();
        if (!*input || take(**input) == Next::leave)
            return ok();
    }
}

Result<std::optional<std::string>> Talk::read_input() {
    editor_.reset();
    tty_.edit_mode();
    draw();
    while (true) {
        auto bytes = tty_.read(keys_.waiting() ? escape_pause_ms : -1, run_.interrupt.descriptor());
        if (!bytes)
            return bytes.error();
        auto outcome = take_keys(*bytes);
        if (!outcome)
            continue;
        if (*outcome == Editor::Outcome::left) {
            tty_.write(view_.leave());
            return std::optional<std::string>();
        }
        auto text = editor_.text();
        editor_.reset();
        if (trim(text).empty())
            continue;
        if (auto kept = history_.add(text); !kept)
            run_.output.warn(kept.error().message);
        return std::optional<std::string>(std::move(text));
    }
}

/// What the keys came to, when that is more than an edit. Keys behind a submitted line are dropped
/// only if they came in the same read, which no person types.
std::optional<Editor::Outcome> Talk::take_keys(const std::string& bytes) {
    auto presses = bytes.empty() ? keys_.pause() : keys_.feed(bytes);
    for (const auto& press : presses) {
        switch (editor_.apply(press)) {
        case Editor::Outcome::submitted:
            draw();
            tty_.write(view_.leave());
            if (!trim(editor_.text()).empty())
                return Editor::Outcome::submitted;
            break;
        case Editor::Outcome::left:
            return Editor::Outcome::left;
        case Editor::Outcome::asked_out:
            tty_.write(view_.leave());
            tty_.write("Ctrl-D or /quit leaves.\r\n");
            break;
        case Editor::Outcome::screen:
            tty_.write("\x1b[H\x1b[2J");
            view_.forget();
            break;
        default:
            break;
        }
    }
    draw();
    return std::nullopt;
}

void Talk::draw() {
    const auto& style = run_.output.out_style();
    auto now = style_of(STDOUT_FILENO, Color::never, run_.environment);
    auto columns = now.is_terminal ? now.columns : style.columns;
    std::string prompt =
        editor_.searching() ? "(search '" + visible(editor_.search_text()) + "') " : "> ";
    tty_.write(view_.draw(prompt, editor_.text(), editor_.cursor(),
                          static_cast<std::size_t>(columns), static_cast<std::size_t>(now.rows)));
}

void Talk::say(std::string_view text) {
    // In raw mode a line feed only goes down.
    std::string out;
    for (char c : text)
        out += c == '\n' ? std::string("\r\n") : std::string(1, c);
    tty_.write(out);
}

Talk::Next Talk::take(const std::string& input) {
    if (input.starts_with("//")) {
        ask(input.substr(1));
        return Next::go_on;
    }
    if (!input.starts_with('/')) {
        ask(input);
        return Next::go_on;
    }
    auto space = std::min(input.find_first_of(" \n"), input.size());
    auto name = input.substr(1, space - 1);
    auto rest = std::string(trim(std::string_view(input).substr(space)));
    if (is_talk_command(name))
        return command(name, rest);
    std::vector<std::string_view> names;
    names.reserve(std::size(commands));
    for (const auto& known : commands)
        names.push_back(known.name);
    auto near = did_you_mean(name, names);
    say("There is no /" + visible(name) +
        (near ? "; did you mean /" + std::string(*near) + "?\n" : "; /help lists the commands\n"));
    return Next::go_on;
}

Talk::Next Talk::command(const std::string& name, const std::string& rest) {
    if (name == "quit")
        return Next::leave;
    if (name == "help")
        say(talk_help());
    else if (name == "clear")
        tty_.write("\x1b[H\x1b[2J");
    else if (name == "model")
        set_model(rest);
    else if (name == "system")
        set_system(rest);
    else if (name == "usage")
        tell_usage();
    else if (name == "info")
        tell_info();
    else
        session_command(name, rest);
    return Next::go_on;
}

void Talk::session_command(const std::string& name, const std::string& rest) {
    if (name == "save")
        return save(rest);
    if (name == "new") {
        conversation_.clear();
        return say("A new conversation.\n");
    }
    auto question = conversation_.undo();
    if (question.empty())
        return say("Nothing was asked yet.\n");
    if (name == "retry")
        return ask(question);
    say("Took back: " + visible(question) + "\n");
}

void Talk::set_model(const std::string& name) {
    if (!name.empty())
        model_ = name;
    say("The model is " + visible(model_) + ".\n");
}

void Talk::set_system(const std::string& text) {
    if (!text.empty())
        conversation_.system = text == "-" ? "" : text;
    say(conversation_.system.empty()
            ? "There is no system prompt.\n"
            : "The system prompt is: " + visible(conversation_.system) + "\n");
}

void Talk::save(const std::string& file) {
    if (file.empty())
        return say("Name a file: /save FILE\n");
    auto sink = Sink::to_file(file, false);
    auto done = sink ? sink->write(conversation_.markdown()) : Result<void>(sink.error());
    if (done)
        done = sink->commit();
    say(done ? "Saved to " + visible(file) + ".\n" : visible(done.error().message) + "\n");
}

void Talk::tell_usage() {
    say(std::to_string(total_.input + total_.cache_read) + " tokens in (" +
        std::to_string(total_.cache_read) + " cached), " +
        std::to_string(total_.output + total_.reasoning) + " out (" +
        std::to_string(total_.reasoning) + " reasoning).\n");
}

void Talk::tell_info() {
    say("Server " + client_.endpoint().text + ", model " + visible(model_) + ", " +
        std::to_string(conversation_.turns().size()) + " turns.\n");
}

Reply Talk::stream(const Prompt& prompt, std::optional<Error>& problem) {
    Reply reply;
    bool dim = false;
    bool color = run_.output.out_style().color;
    auto set_dim = [&](bool wanted) {
        if (color && dim != wanted)
            tty_.write(wanted ? "\x1b[2m" : "\x1b[0m");
        if (dim && !wanted)
            tty_.write("\n");
        dim = wanted;
    };
    ReplyEvents events;
    events.text = [&](std::string_view text) {
        set_dim(false);
        tty_.write(visible(text));
    };
    events.reasoning = [&](std::string_view text) {
        set_dim(true);
        tty_.write(visible(text));
    };
    auto done = complete(client_, prompt, events, reply);
    set_dim(false);
    if (!done)
        problem = done.error();
    return reply;
}

void Talk::ask(const std::string& question) {
    tty_.stream_mode();
    run_.interrupt.clear();
    Prompt prompt{.model = model_, .messages = conversation_.messages(question)};
    prompt.max_tokens = run_.values.count("max-tokens");
    prompt.temperature = run_.values.text("temperature").value_or("");
    prompt.api = run_.settings.text("api");
    std::optional<Error> problem;
    auto reply = stream(prompt, problem);
    if (!reply.text.ends_with('\n'))
        tty_.write("\n");
    // SIGTERM ends the program; it is left pending for the next read.
    bool by_person = problem && problem->code == Code::cancelled;
    if (by_person && run_.interrupt.exit_code() == 130)
        run_.interrupt.clear();
    if (by_person)
        tty_.write("[stopped]\n");
    else if (problem)
        run_.output.error(*problem, {client_.last_status(), client_.last_request_id()});
    if (reply.tokens) {
        total_.input += reply.tokens->input;
        total_.cache_read += reply.tokens->cache_read;
        total_.output += reply.tokens->output;
        total_.reasoning += reply.tokens->reasoning;
    }
    // A question that got no answer at all is not part of the conversation.
    if (!problem || !reply.text.empty())
        conversation_.add({question, reply.text, problem.has_value()});
}

}  // namespace obliv::cli
