#include "daemon/relay/inbound.hpp"

#include "core/llm/media_body.hpp"
#include "core/llm/pattern.hpp"
#include "core/wire/anthropic.hpp"
#include "core/wire/completions.hpp"
#include "core/wire/media_form.hpp"

namespace obliv::relay {
namespace {

using providers::Operation;

/// For a format that only its own reader understands: all of it is read, and read again should a
/// channel of another format be asked.
Result<llm::ChatCall> call_of(const Inbound& inbound, std::string_view body) {
    wire::RequestSource source{body, inbound.model, inbound.stream};
    auto request = inbound.wire->read_request(source);
    if (!request)
        return request.error();
    llm::ChatCall call;
    if (inbound.model.empty()) {
        // For the place of the model's name, should it have to be replaced.
        auto places = llm::parse_plain_call(body, "");
        if (!places)
            return places.error();
        call = std::move(*places);
    } else if (request->model.size() > llm::model_bytes_max || request->model.empty()) {
        return fail(Code::invalid_request, "the path must name a model of 1 to 128 bytes");
    }
    call.model = std::move(request->model);
    call.stream = request->stream;
    call.usage_asked = request->usage_in_stream;
    call.output_tokens_max = request->output_tokens_max;
    call.choices = request->choices;
    return call;
}

/// A call that is no chat and whose path names the model.
Result<llm::ChatCall> named_call(const Inbound& inbound, std::string_view body) {
    auto call = llm::parse_plain_call(body, inbound.model);
    if (!call)
        return call;
    if (auto same = wire::check_gemini_models(body, inbound.model); !same)
        return same.error();
    call->model = inbound.model;
    return call;
}

/// Images may name no model either ("Create image").
Result<llm::ChatCall> media_call(llm::MediaKind media, std::string_view body,
                                 std::string_view content_type, void (*passed)(std::string_view)) {
    constexpr std::string_view image_model = "dall-e-2";
    auto model = media == llm::MediaKind::images ? image_model : std::string_view{};
    if (content_type.find("multipart/") != std::string_view::npos)
        return wire::read_media_form(media, body, content_type, model, passed);
    return llm::parse_media_body(media, body, model);
}

}  // namespace

bool Inbound::passes(const providers::Offer& offer, bool renamed) const noexcept {
    if (operation != Operation::chat) {
        const auto* mine = plain_form();
        return mine == providers::form_of(offer) &&
               (mine == nullptr || !renamed || !mine->model_in_body);
    }
    // An array of JSON has to be made of the provider's events; and whether the figures of legacy
    // completions are wanted is not the provider's business.
    return offer.wire == wire && !json_array && wire != &wire::completions;
}

std::optional<llm::MediaKind> Inbound::media() const noexcept {
    switch (operation) {
    case Operation::image_generations:
    case Operation::image_edits:
    case Operation::image_variations:
        return llm::MediaKind::images;
    case Operation::speech:
        return llm::MediaKind::speech;
    case Operation::transcriptions:
    case Operation::translations:
        return llm::MediaKind::transcript;
    default:
        return std::nullopt;
    }
}

bool has_own_scanner(const Inbound& inbound) noexcept {
    return inbound.is_openai() || inbound.wire == &wire::anthropic;
}

Result<llm::ChatCall> parse_call(const Inbound& inbound, std::string_view body,
                                 std::string_view content_type, void (*passed)(std::string_view)) {
    if (inbound.operation == Operation::chat)
        return has_own_scanner(inbound) ? llm::parse_chat_call(body) : call_of(inbound, body);
    if (inbound.form != nullptr && inbound.form->model_in_body)
        return named_call(inbound, body);
    if (auto media = inbound.media())
        return media_call(*media, body, content_type, passed);
    // OpenAI API reference, "Create moderation": it may name no model.
    constexpr std::string_view moderation_model = "omni-moderation-latest";
    return llm::parse_plain_call(
        body, inbound.operation == Operation::moderations ? moderation_model : "");
}

Result<llm::ChatRequest> read_request(const Inbound& inbound, std::string_view body,
                                      const HeaderList& headers) {
    return inbound.wire->read_request({body, inbound.model, inbound.stream, headers});
}

HeaderList forwarded_headers(const Inbound& inbound, const http::RequestHead& head) {
    HeaderList out;
    constexpr std::string_view beta = "anthropic-beta";
    if (inbound.errors() == llm::ErrorShape::anthropic)
        if (auto value = head.headers.find(beta))
            out.emplace_back(beta, *value);
    return out;
}

}  // namespace obliv::relay
