#include "cli/commands/all.hpp"
#include "cli/commands/input.hpp"
#include "cli/commands/invocation.hpp"
#include "core/base/text.hpp"
#include "core/metering/chat_tokens.hpp"
#include "core/tokenizer/hugging_face.hpp"
#include "core/wire/anthropic_lists.hpp"
#include "core/wire/wire.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace obliv::cli {
namespace {

using tokenizer::Count;
using tokenizer::Encoding;
using tokenizer::Tokenizers;

constexpr std::string_view schema = "obliv.count/1";

/// What is counted, and how.
struct Job {
    const Tokenizers& tokenizers;
    std::string model;
    const Encoding* encoding;     ///< null: an estimate
    std::optional<Encoding> own;  ///< of --tokenizer
    std::string text;
};

Result<std::string> model_of(const Invocation& run) {
    if (auto asked = run.values.text("model"))
        return *asked;
    if (auto usual = run.settings.text("model"); !usual.empty())
        return usual;
    auto error = fail(Code::usage, "no model is named");
    error.hint = "give --model ID or --encoding NAME, or set one: obliv config set model ID";
    return error;
}

/// The bytes of a token that may end inside a character, as a person can read them.
std::string shown(std::string_view bytes) {
    if (!first_invalid_utf8(bytes))
        return std::string(bytes);
    std::string out;
    constexpr std::string_view digits = "0123456789abcdef";
    for (unsigned char byte : bytes) {
        if (byte >= 0x20 && byte < 0x7F) {
            out += static_cast<char>(byte);
            continue;
        }
        out += "\\x";
        out += digits[byte >> 4U];
        out += digits[byte & 0xFU];
    }
    return out;
}

Json pieces_of(const Job& job) {
    Json pieces = Json::array();
    for (auto id : job.encoding->encode(job.text, job.encoding->usual()))
        pieces.push_back(Json{{"id", id}, {"text", shown(job.encoding->bytes(id))}});
    return pieces;
}

/// Each token between bars, so that blanks can be seen.
std::string marked(const Json& pieces) {
    std::string line;
    for (const auto& piece : pieces)
        line += "|" + piece["text"].get<std::string>();
    return visible(line + "|") + "\n";
}

Result<void> show(Invocation& run, const Job& job, Json answer) {
    if (job.encoding == nullptr) {
        auto error = fail(Code::usage, "the tokens of '" + visible(job.model) +
                                           "' are not public: they are estimated, not cut");
        error.hint = "give --encoding NAME to cut by a public one";
        return error;
    }
    answer["pieces"] = pieces_of(job);
    if (run.output.options().form != Form::human)
        return run.output.object(schema, answer);
    run.output.note(std::to_string(answer["tokens"].get<std::int64_t>()) + " tokens");
    return run.output.piece(marked(answer["pieces"]));
}

Result<llm::ChatRequest> read_request(const std::string& format, const Job& job) {
    auto source = wire::RequestSource{job.text, job.model};
    // What is asked to be counted needs no limit of output, which Anthropic's requests need.
    auto request = format == "anthropic" ? wire::read_anthropic_count(source)
                                         : wire::find(format)->read_request(source);
    if (!request)
        return fail(Code::usage, "the input is no request: " + request.error().message);
    return request;
}

Result<Count> counted(const Invocation& run, const Job& job) {
    if (auto format = run.values.text("request")) {
        auto request = read_request(*format, job);
        if (!request)
            return request.error();
        auto model = run.values.text("model").value_or(request->model);
        return metering::chat_tokens(job.tokenizers, model, *request);
    }
    if (job.encoding != nullptr)
        return Count{
            static_cast<std::int64_t>(job.encoding->count(job.text, job.encoding->usual())), true};
    return job.tokenizers.count(job.model, job.text);
}

Result<void> answer(Invocation& run, const Job& job) {
    auto count = counted(run, job);
    if (!count)
        return count.error();
    Json found{{"tokens", count->tokens}, {"exact", count->exact}};
    if (!run.values.has("request") && !job.model.empty())
        found["model"] = job.model;
    if (!run.values.has("request") && job.encoding != nullptr)
        found["encoding"] = job.encoding->name();
    if (run.values.has("show"))
        return show(run, job, std::move(found));
    if (run.output.options().form != Form::human)
        return run.output.object(schema, found);
    if (!count->exact)
        run.output.note("an estimate");
    return run.output.piece(std::to_string(count->tokens) + "\n");
}

Result<Tokenizers> open_tokenizers(Invocation& run) {
    auto opened = Tokenizers::open(Tokenizers::installed_folder());
    if (opened)
        return opened;
    if (run.values.has("encoding"))
        return opened.error();
    run.output.warn(opened.error().message + "; the count is an estimate");
    return Tokenizers();
}

/// Whose tokens are counted. A request names its model itself.
Result<void> choose(const Invocation& run, Job& job) {
    if (auto name = run.values.text("encoding")) {
        job.encoding = job.tokenizers.named(*name);
        return ok();
    }
    if (auto path = run.values.text("tokenizer")) {
        auto opened = tokenizer::open_hugging_face(*path);
        if (!opened)
            return fail(Code::usage, opened.error().message);
        job.encoding = &job.own.emplace(std::move(*opened));
        return ok();
    }
    auto model = model_of(run);
    if (!model && !run.values.has("request"))
        return model.error();
    job.model = model ? *model : "";
    job.encoding = job.tokenizers.of_model(job.model);
    return ok();
}

Result<void> count(Invocation& run) {
    if (run.values.has("request") &&
        (run.values.has("show") || run.values.has("encoding") || run.values.has("tokenizer")))
        return fail(Code::usage, "--request counts by its model; --show, --encoding and "
                                 "--tokenizer are for plain text");
    auto tokenizers = open_tokenizers(run);
    if (!tokenizers)
        return tokenizers.error();
    Job job{*tokenizers, {}, nullptr, {}, {}};
    if (auto chosen = choose(run, job); !chosen)
        return chosen;
    auto text = read_text_file(run, run.values.arguments.empty() ? "-" : run.argument(0));
    if (!text)
        return text.error();
    job.text = std::move(*text);
    return answer(run, job);
}

}  // namespace

Command count_command() {
    Command command{.name = "count", .summary = "Count the tokens of a text"};
    command.details =
        "Counts here, without a server. Exact for models whose tokenizer is public; for all others "
        "an estimate, which --json says by \"exact\": false. What looks like a special token is "
        "text, as it is where a user writes it.";
    command.arguments = {{.name = "FILE",
                          .help = "The text; without it or with -, stdin",
                          .count = Argument::Count::optional,
                          .kind = Kind::file}};
    command.flags = {
        {.name = "model", .value = "ID", .help = "As this model counts", .letter = 'm'},
        {.name = "encoding",
         .value = "NAME",
         .help = "By this encoding instead",
         .choices = {"o200k_base", "o200k_harmony", "cl100k_base", "p50k_base", "r50k_base"}},
        {.name = "tokenizer",
         .value = "FILE",
         .help = "By this Hugging Face tokenizer.json instead",
         .kind = Kind::file},
        {.name = "request",
         .value = "FORMAT",
         .help = "The text is a whole request: count roles, tools and images too",
         .choices = {"openai", "responses", "anthropic", "gemini"}},
        {.name = "show", .value = "", .help = "Show the tokens, between bars"}};
    command.examples = {{"obliv count -m gpt-4o README.md", "A file"},
                        {"echo hello | obliv count -m gpt-4o --json", "For a script"},
                        {"obliv count --encoding cl100k_base --show notes.txt", "See the tokens"},
                        {"obliv count --tokenizer qwen3/tokenizer.json notes.txt", "An open model"},
                        {"obliv count --request openai request.json", "A whole request"}};
    command.run = count;
    return command;
}

}  // namespace obliv::cli
