#include "daemon/relay/conversion.hpp"

#include "core/base/text.hpp"
#include "core/llm/estimate.hpp"
#include "core/wire/media_needs.hpp"
#include "daemon/relay/proofs.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

constexpr std::size_t dropped_bytes_max = 1024;

Error refusal_of(const std::vector<wire::Loss>& losses, std::string_view wire) {
    std::string said;
    for (const auto& loss : losses)
        said += (said.empty() ? "" : "; ") + ("'" + loss.field + "' (" + loss.why + ")");
    auto error = fail(Code::invalid_request, "what this request asks for cannot be said in the " +
                                                 std::string(wire) +
                                                 " format that the model is reached by: " + said);
    error.param = losses.front().field;
    error.hint = "leave it out, or let the channel do so: obliv channel set NAME --losses drop";
    return error;
}

/// In place of whatever the request says of how much to think.
void ask_for_effort(llm::Reasoning& reasoning, std::string_view effort) {
    reasoning.effort = std::string(effort);
    reasoning.budget_tokens.reset();
    reasoning.enabled.reset();
    reasoning.adaptive.reset();
}

/// Has the provider go on with what another one has said.
void begin_answer(llm::ChatRequest& request, const Order& order) {
    llm::Message begun;
    begun.role = llm::Role::assistant;
    begun.content.push_back({llm::Text{std::string(order.prefix)}});
    if (order.prefill != "{}") {
        llm::Opaque mark{std::string(order.offer.wire->name), std::string(order.prefill)};
        begun.content.push_back({std::move(mark)});
    }
    request.messages.push_back(std::move(begun));
    auto& limit = request.output_tokens_max;
    auto said = llm::estimate_tokens(static_cast<std::int64_t>(order.prefix.size()));
    if (limit)
        *limit = std::max<std::int64_t>(*limit - said, 1);
}

}  // namespace

/// Once: a request that cannot be understood is not read again for the next channel.
Result<void> Conversion::read() {
    if (request_ || plain_)
        return ok();
    if (refused_)
        return *refused_;
    if (inbound_.operation == providers::Operation::chat) {
        auto request = read_request(inbound_, body_, headers_);
        if (request)
            request_ = std::move(*request);
        else
            refused_ = request.error();
        if (request_ && !effort_.empty())
            ask_for_effort(request_->reasoning, effort_);
        if (request_ && proofs_ != nullptr)
            proofs_->restore(account_, *request_, now_);
    } else {
        auto request = inbound_.plain_form()->read_request({body_, inbound_.model});
        if (request)
            plain_ = std::make_shared<llm::PlainRequest>(std::move(*request));
        else
            refused_ = request.error();
    }
    return refused_ ? Result<void>(*refused_) : ok();
}

Result<wire::WrittenRequest> Conversion::write_chat(const Order& order) {
    request_->model = std::string(order.upstream_model);
    request_->usage_in_stream = true;  // we bill by it; the client's own wish is kept elsewhere
    const auto& wire = *order.offer.wire;
    if (order.prompt.empty() && order.prefix.empty())
        return wire.write_request(*request_, order.dialect);
    // The next channel may have another prompt or none, and the client is answered as it asked.
    auto told = *request_;
    if (!order.prompt.empty() && llm::inject(told, order.prompt))
        injected_ = order.prompt.text;
    if (!order.prefix.empty())
        begin_answer(told, order);
    return wire.write_request(told, order.dialect);
}

Result<wire::WrittenRequest> Conversion::write_plain(const wire::PlainForm& form,
                                                     std::string_view upstream_model) {
    plain_->model = std::string(upstream_model);
    return form.write_request(*plain_);
}

Result<void> Conversion::write(const Order& order) {
    const auto& offer = order.offer;
    injected_ = {};
    bool chat = inbound_.operation == providers::Operation::chat;
    const auto* form = chat ? nullptr : providers::form_of(offer);
    bool known = chat ? offer.wire != nullptr && offer.wire->write_request != nullptr
                      : form != nullptr && form->write_request != nullptr;
    if (!known)
        return fail(Code::unsupported, "nothing is known of its format");
    if (auto understood = read(); !understood)
        return understood;
    if (chat && fetching_)
        wanted_ = wire::media_to_fetch(*request_, *offer.wire);
    if (!wanted_.empty())
        return ok();
    auto written = chat ? write_chat(order) : write_plain(*form, order.upstream_model);
    if (!written)
        return written.error();
    if (!order.lossy && !written->losses.empty())
        return refusal_of(written->losses, chat ? offer.wire->name : form->name);
    written_ = std::move(*written);
    return ok();
}

std::string Conversion::dropped() const {
    std::string out;
    for (const auto& loss : written_.losses)
        if (out.size() + loss.field.size() < dropped_bytes_max)
            out += (out.empty() ? "" : ", ") + loss.field;
    for (auto& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
            c = '?';  // a header takes no more than ASCII, and names come from callers
    return out;
}

}  // namespace obliv::relay
