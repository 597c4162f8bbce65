#include "core/metering/chat_tokens.hpp"
#include "core/wire/anthropic_lists.hpp"
#include "core/wire/wire.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/host.hpp"

#include <nlohmann/json.hpp>

namespace obliv::admin {
namespace {

Error at(std::string_view field, std::string message) {
    auto error = fail(Code::invalid_request, std::string(field) + ": " + std::move(message));
    error.param = field;
    return error;
}

Result<llm::ChatRequest> read_request(const api::Body& body) {
    auto format = body.set("format") ? body.text("format") : "openai";
    auto given = nlohmann::json::parse(body.json("request"));
    // Who counts has named the model already; Gemini names it in the path.
    if (format != "gemini")
        given["model"] = body.text("model");
    auto text = given.dump();
    auto model = body.text("model");  // a source only looks at what it is given
    wire::RequestSource source{text, model};
    auto request = format == "anthropic" ? wire::read_anthropic_count(source)
                                         : wire::find(format)->read_request(source);
    if (!request)
        return at("request", request.error().message);
    return request;
}

Result<tokenizer::Count> counted(const api::Body& body, const tokenizer::Tokenizers& tokenizers) {
    if (body.set("text") == body.set("request"))
        return at("text", "give either `text` or `request`");
    if (body.set("text"))
        return tokenizers.count(body.text("model"), body.text("text"));
    auto request = read_request(body);
    if (!request)
        return request.error();
    return metering::chat_tokens(tokenizers, body.text("model"), *request);
}

}  // namespace

Result<Reply> count_tokens(const Request& request, Host& host) {
    auto body = request.body();
    if (!body)
        return body.error();
    auto count = counted(*body, host.tokenizers());
    if (!count)
        return count.error();
    nlohmann::ordered_json reply{{"tokens", count->tokens},
                                 {"exact", count->exact},
                                 {"model", body->text("model")},
                                 {"encoding", nullptr}};
    if (const auto* encoding = host.tokenizers().of_model(body->text("model")))
        reply["encoding"] = encoding->name();
    return Reply{200, reply.dump()};
}

}  // namespace obliv::admin
