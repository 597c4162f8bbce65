#include "cli/chat/completion.hpp"
#include "cli/commands/all.hpp"
#include "cli/commands/input.hpp"
#include "cli/commands/model.hpp"
#include "cli/commands/remote.hpp"
#include "cli/commands/spend.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace obliv::cli {
namespace {

void add_part(std::string& prompt, std::string part) {
    while (part.ends_with('\n'))
        part.pop_back();
    if (!part.empty())
        prompt += (prompt.empty() ? "" : "\n\n") + part;
}

/// The arguments as one text; `-` among them is no text but asks for stdin.
std::string words_of(const Values& values, bool& dash) {
    std::string words;
    for (const auto& word : values.arguments) {
        if (word == "-")
            dash = true;
        else
            words += (words.empty() ? "" : " ") + word;
    }
    return words;
}

Result<void> add_files(Invocation& run, std::string& prompt) {
    for (const auto& path : run.values.all("file")) {
        auto text = read_text_file(run, path);
        if (!text)
            return text.error();
        add_part(prompt, std::move(*text));
    }
    return ok();
}

/// TEXT, then the files, then stdin.
Result<std::string> prompt_of(Invocation& run) {
    std::string prompt;
    bool dash = false;
    add_part(prompt, words_of(run.values, dash));
    if (auto added = add_files(run, prompt); !added)
        return added.error();
    bool key_on_stdin = run.values.has("key-stdin");
    if (key_on_stdin && dash)
        return fail(Code::usage, "stdin holds the key, so it cannot hold the prompt");
    if (dash || (::isatty(STDIN_FILENO) != 1 && !key_on_stdin)) {
        auto text = read_text(run, STDIN_FILENO, "stdin");
        if (!text)
            return text;
        add_part(prompt, std::move(*text));
    }
    if (!prompt.empty())
        return prompt;
    auto error = fail(Code::usage, "there is no prompt");
    error.hint = "give it as text, by -f FILE or on stdin; `obliv chat` is for talking";
    return error;
}

/// Servers other than ours may name no request.
Json id_or_null(const Reply& reply) {
    return reply.request_id.empty() ? Json(nullptr) : Json(reply.request_id);
}

/// Writes a reply while it comes, in the form that was asked for.
class Writer {
public:
    explicit Writer(Output& output) : output_(output), form_(output.options().form) {}

    ReplyEvents events() {
        ReplyEvents events;
        events.text = [this](std::string_view text) { on_text(text); };
        events.reasoning = [this](std::string_view text) { on_reasoning(text); };
        events.tool_call = [this](const Json& call) {
            send(Json{{"type", "tool_call"}, {"tool_call", call}});
        };
        events.failed = [this] { return state_; };
        return events;
    }
    void start(const Prompt& prompt, const client::Endpoint& endpoint) {
        send(Json{{"type", "start"},
                  {"schema", "obliv.ask/1"},
                  {"model", prompt.model},
                  {"server", endpoint.text}});
    }
    /// Ends the last line, so that what follows starts on one of its own.
    void end_line() {
        if (form_ == Form::human && wrote_ && !line_ended_)
            keep(output_.piece("\n"));
        line_ended_ = true;
    }
    Result<void> end(const Reply& reply, const Json& cost) {
        end_line();
        auto tokens = reply.tokens ? tokens_json(*reply.tokens) : Json(nullptr);
        if (form_ == Form::ndjson && reply.tokens)
            send(Json{{"type", "usage"}, {"usage", tokens}, {"cost", cost}});
        send(Json{{"type", "end"},
                  {"finish_reason", reply.finish_reason},
                  {"usage", tokens},
                  {"request_id", id_or_null(reply)},
                  {"session", nullptr}});
        if (form_ == Form::json)
            keep(output_.object("obliv.ask/1", Json{{"model", reply.model},
                                                    {"text", reply.text},
                                                    {"reasoning", reasoning_},
                                                    {"finish_reason", reply.finish_reason},
                                                    {"usage", tokens},
                                                    {"cost", cost},
                                                    {"request_id", id_or_null(reply)}}));
        return state_;
    }

private:
    void on_text(std::string_view text) {
        if (form_ == Form::ndjson)
            send(Json{{"type", "text"}, {"text", text}});
        if (form_ != Form::human)
            return;
        keep(output_.piece(output_.out_style().is_terminal ? visible(text) : std::string(text)));
        wrote_ = true;
        line_ended_ = text.ends_with('\n');
    }
    void on_reasoning(std::string_view text) {
        if (form_ == Form::ndjson)
            send(Json{{"type", "reasoning"}, {"text", text}});
        else if (form_ == Form::json)
            reasoning_ += text;
        else if (output_.options().verbosity >= 0)
            (void)write_all(output_.options().err, visible(text));
    }
    void send(const Json& event) {
        if (form_ == Form::ndjson)
            keep(output_.event(event));
    }
    void keep(Result<void> written) {
        if (!written && state_)
            state_ = std::move(written);
    }

    Output& output_;
    Form form_;
    Result<void> state_ = ok();
    std::string reasoning_;
    bool wrote_ = false;
    bool line_ended_ = false;
};

Result<Prompt> whole_prompt(Invocation& run, client::Client& client, std::string text) {
    auto model = chosen_model(run, client);
    if (!model)
        return model.error();
    Prompt prompt{.model = *model};
    auto system = run.values.text("system").value_or(run.settings.text("system"));
    if (!system.empty())
        prompt.messages.push_back({"system", system});
    prompt.messages.push_back({"user", std::move(text)});
    prompt.max_tokens = run.values.count("max-tokens");
    prompt.temperature = run.values.text("temperature").value_or("");
    prompt.api = run.settings.text("api");
    return prompt;
}

Result<void> ask(Invocation& run) {
    auto text = prompt_of(run);
    if (!text)
        return text.error();
    auto client = run.client();
    if (!client)
        return client.error();
    auto prompt = whole_prompt(run, **client, std::move(*text));
    if (!prompt)
        return prompt.error();
    if (run.dry_run()) {
        run.output.note("would ask " + prompt->model + " at " + (*client)->endpoint().text);
        return ok();
    }
    Writer writer(run.output);
    writer.start(*prompt, (*client)->endpoint());
    Reply reply;
    auto done = complete(**client, *prompt, writer.events(), reply);
    if (!done) {
        writer.end_line();
        return done;
    }
    bool told = run.values.has("usage");
    auto cost = told ? cost_of_call(run, reply.request_id) : Json(nullptr);
    if (auto ended = writer.end(reply, cost); !ended)
        return ended;
    if (told)
        run.output.note(spend_text(reply, cost));
    return ok();
}

}  // namespace

Command ask_command() {
    Command command{.name = "ask", .summary = "Ask a model one thing and print its answer"};
    command.details = "The prompt is TEXT, then the files, then stdin when it is piped or TEXT is "
                      "-. The answer streams to stdout; reasoning and everything else go to "
                      "stderr. --server takes any OpenAI-compatible server, or with --api one that "
                      "speaks Anthropic's or Gemini's form, its address as an SDK takes it. A "
                      "stream that ends without a finish reason is exit 7, and what "
                      "came stays on stdout.";
    command.arguments = {
        {.name = "TEXT", .help = "The prompt; - is stdin", .count = Argument::Count::many}};
    command.flags =
        joined({{.name = "model", .value = "ID", .help = "Ask this model", .letter = 'm'},
                {.name = "file",
                 .value = "FILE",
                 .help = "Add a file's text to the prompt",
                 .kind = Kind::file,
                 .letter = 'f',
                 .repeats = true},
                {.name = "system", .value = "TEXT", .help = "The system prompt", .letter = 'S'},
                {.name = "max-tokens",
                 .value = "N",
                 .help = "Answer with at most so many tokens",
                 .kind = Kind::count},
                {.name = "temperature",
                 .value = "T",
                 .help = "How freely it chooses its words",
                 .kind = Kind::decimal},
                {.name = "usage", .value = "", .help = "Print tokens and cost on stderr"}},
               key_flags("the server's key"));
    command.examples = {
        {"obliv ask 'what is a monad?'", "One question"},
        {"git diff | obliv ask 'write a commit message' -S 'answer in one line'", "From a pipe"},
        {"obliv ask hello --server http://127.0.0.1:9000/v1 -m qwen3", "Without an oblivd"},
        {"obliv ask hello --api anthropic -m claude-sonnet-4-5", "In another form"}};
    command.errors = remote_errors();
    command.errors.insert(command.errors.end(),
                          {Code::model_not_found, Code::upstream_failed, Code::refused});
    command.run = ask;
    return command;
}

}  // namespace obliv::cli
