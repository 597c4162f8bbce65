#include "cli/sim/format.hpp"

#include "cli/sim/bedrock.hpp"
#include "cli/sim/documents.hpp"
#include "cli/sim/media.hpp"
#include "cli/sim/ollama.hpp"
#include "cli/sim/spark.hpp"
#include "core/http/uri.hpp"
#include "core/llm/chat_call.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/anthropic_lists.hpp"
#include "core/wire/cohere.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/gemini.hpp"
#include "core/wire/gemini_lists.hpp"
#include "core/wire/responses.hpp"

#include <array>
#include <utility>

namespace obliv::sim {
namespace {

const Format anthropic{"anthropic", llm::ErrorShape::anthropic, false, wire::anthropic.read_request,
                       wire::anthropic.new_writer};
/// A count is asked for without a limit of output.
const Format anthropic_count{"anthropic",
                             llm::ErrorShape::anthropic,
                             false,
                             wire::read_anthropic_count,
                             wire::anthropic.new_writer,
                             wire::anthropic_count_reply};
const Format bedrock{"bedrock", llm::ErrorShape::management, true, read_converse,
                     new_converse_writer};

const Format cohere{"cohere", llm::ErrorShape::openai, false, wire::cohere.read_request,
                    wire::cohere.new_writer};

const Format responses{"responses", llm::ErrorShape::openai, false, wire::responses.read_request,
                       wire::responses.new_writer};
const Format completions{"completions", llm::ErrorShape::openai, false,
                         wire::completions.read_request, wire::completions.new_writer};

const Format gemini{"gemini", llm::ErrorShape::gemini, false, wire::gemini.read_request,
                    wire::gemini.new_writer};
const Format gemini_count{"gemini",
                          llm::ErrorShape::gemini,
                          false,
                          wire::read_gemini_count,
                          wire::gemini.new_writer,
                          wire::gemini_count_reply};

const Format spark{
    "spark", llm::ErrorShape::openai, false, read_spark, new_spark_writer, nullptr, false, true};

const Format ollama_chat{.name = "ollama",
                         .errors = llm::ErrorShape::openai,
                         .read = read_ollama_chat,
                         .new_writer = new_ollama_chat_writer,
                         .ollama = true};
const Format ollama_generate{.name = "ollama",
                             .errors = llm::ErrorShape::openai,
                             .read = read_ollama_generate,
                             .new_writer = new_ollama_generate_writer,
                             .ollama = true};

constexpr std::string_view gemini_models = "/v1beta/models/";

/// Google's newer SDKs leave `beta` out; Vertex AI has the same calls behind a project and a place.
std::string gemini_path(std::string_view path) {
    for (std::string_view models : {"/v1/models/", "/publishers/google/models/"})
        if (auto at = path.find(models); at != std::string_view::npos)
            return std::string(gemini_models) + std::string(path.substr(at + models.size()));
    return std::string(path);
}

/// A path, `{}` standing for a model's name.
struct Route {
    std::string_view before;
    std::string_view behind;  ///< the name; empty: the path names none
    Asked asked;
};

const std::array routes{
    Route{"/v1/chat/completions", "", {}},
    Route{"/v1/completions", "", {&completions}},
    Route{"/v1/responses", "", {&responses}},
    Route{"/v1/embeddings", "", {.document = read_embeddings}},
    Route{"/v2/embed", "", {.document = read_cohere_embeddings}},
    Route{"/v1/moderations", "", {.document = read_moderation}},
    Route{"/v1/images/generations", "", {.document = read_image_generation}},
    Route{"/v1/images/edits", "", {.form = read_image_form}},
    Route{"/v1/images/variations", "", {.form = read_image_form}},
    Route{"/v1/audio/speech", "", {.document = read_speech}},
    Route{"/v1/audio/transcriptions", "", {.form = read_transcription}},
    Route{"/v1/audio/translations", "", {.form = read_transcription}},
    Route{"/api/chat", "", {&ollama_chat}},
    Route{"/api/generate", "", {&ollama_generate}},
    Route{"/v1/rerank", "", {.document = read_rerank}},
    Route{"/v2/rerank", "", {.document = read_rerank}},
    Route{"/v2/chat", "", {&cohere}},
    Route{"/v1/messages", "", {&anthropic}},
    Route{"/v1/messages/count_tokens", "", {.format = &anthropic_count, .count_only = true}},
    Route{gemini_models, ":generateContent", {&gemini}},
    Route{gemini_models, ":streamGenerateContent", {.format = &gemini, .stream = true}},
    Route{gemini_models, ":countTokens", {.format = &gemini_count, .count_only = true}},
    Route{gemini_models, ":embedContent", {.document = read_gemini_embedding}},
    Route{gemini_models, ":batchEmbedContents", {.document = read_gemini_embeddings}},
    Route{"/v1.1/chat", "", {&spark}},
    Route{"/v3.1/chat", "", {&spark}},
    Route{"/v3.5/chat", "", {&spark}},
    Route{"/v4.0/chat", "", {&spark}},
    Route{"/chat/pro-128k", "", {&spark}},
    Route{"/chat/max-32k", "", {&spark}},
    Route{"/v1/x1", "", {&spark}},
    Route{"/model/", "/converse", {&bedrock}},
    Route{"/model/", "/converse-stream", {.format = &bedrock, .stream = true}},
};

std::string_view aws_name(Code code) noexcept {
    switch (code) {
    case Code::rate_limited:
        return "ThrottlingException";
    case Code::unauthenticated:
    case Code::forbidden:
        return "AccessDeniedException";
    case Code::model_not_found:
    case Code::not_found:
        return "ResourceNotFoundException";
    case Code::overloaded:
    case Code::unavailable:
        return "ServiceUnavailableException";
    default:
        return info(code).http_status < 500 ? "ValidationException" : "InternalServerException";
    }
}

}  // namespace

std::optional<Asked> asked_by(std::string_view whole_path) {
    auto proper = gemini_path(whole_path);
    std::string_view path = proper;
    for (const auto& route : routes) {
        if (route.behind.empty()) {
            if (path == route.before)
                return route.asked;
            continue;
        }
        auto around = route.before.size() + route.behind.size();
        if (path.size() <= around || !path.starts_with(route.before) ||
            !path.ends_with(route.behind))
            continue;
        auto model = http::percent_decode(path.substr(route.before.size(), path.size() - around));
        if (!model)
            return std::nullopt;
        auto asked = route.asked;
        asked.model = std::move(*model);
        return asked;
    }
    return std::nullopt;
}

std::string error_body(const Format* format, const Error& error) {
    if (format != nullptr && format->aws)
        return R"({"message":)" + llm::json_quoted(error.message) + "}";
    if (format != nullptr && format->ollama)
        return R"({"error":)" + llm::json_quoted(error.message) + "}";
    return llm::error_body(format == nullptr ? llm::ErrorShape::openai : format->errors, error, {});
}

std::string error_headers(const Format* format, const Error& error) {
    std::string out;
    if (format != nullptr && format->aws)
        out = "x-amzn-errortype: " + std::string(aws_name(error.code)) + "\r\n";
    if (error.code == Code::rate_limited)
        out += "retry-after: 1\r\n";
    return out;
}

int error_status(const Format* format, const Error& error) noexcept {
    return llm::status_of(format == nullptr ? llm::ErrorShape::openai : format->errors, error);
}

Error error_of_status(int status) {
    constexpr std::array<std::pair<int, Code>, 8> codes{{
        {401, Code::unauthenticated},
        {403, Code::forbidden},
        {404, Code::not_found},
        {413, Code::payload_too_large},
        {429, Code::rate_limited},
        {503, Code::overloaded},
        {504, Code::timeout},
        {529, Code::overloaded},
    }};
    auto code = status < 500 ? Code::invalid_request : Code::upstream_failed;
    for (const auto& [number, known] : codes)
        if (number == status)
            code = known;
    return fail(code, "simulated fault " + std::to_string(status));
}

}  // namespace obliv::sim
