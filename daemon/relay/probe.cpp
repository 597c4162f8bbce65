#include "daemon/relay/probe.hpp"

#include "core/llm/redact.hpp"
#include "core/wire/collect.hpp"
#include "daemon/relay/request_head.hpp"

#include <array>

namespace obliv::relay {
namespace {

constexpr std::int64_t output_tokens = 8;
constexpr std::size_t shown_bytes_max = 400;

/// Null: the provider does not chat.
const providers::Offer* offer_of(const channels::Entry& entry) {
    const auto* offer = providers::find_offer(*entry.provider, providers::Operation::chat);
    return offer != nullptr && offer->wire != nullptr ? offer : nullptr;
}

llm::ChatRequest question(std::string_view model) {
    llm::ChatRequest request;
    request.wire = "openai";
    request.model = std::string(model);
    llm::Message message;
    message.content.push_back({llm::Text{"Say ok."}});
    request.messages.push_back(std::move(message));
    request.output_tokens_max = output_tokens;
    return request;
}

Result<std::vector<llm::ReplyEvent>> read_all(const channels::Entry& entry,
                                              std::string_view reply) {
    wire::ReadOptions options;
    options.dialect = &providers::dialect_of(*entry.provider);
    auto reader = offer_of(entry)->wire->new_reader(options);
    std::vector<llm::ReplyEvent> events;
    auto read = reader->feed(reply, events);
    if (read)
        read = reader->finish(events);
    if (!read)
        return read.error();
    return events;
}

}  // namespace

Result<Probe> write_probe(const channels::Entry& entry, const Target& target, std::size_t key,
                          std::string_view model, const Clock& clock) {
    const auto* offer = offer_of(entry);
    if (offer == nullptr)
        return fail(Code::unsupported, "its provider offers no chat, so there is nothing to try");
    auto written =
        offer->wire->write_request(question(model), providers::dialect_of(*entry.provider));
    if (!written)
        return written.error();
    Probe probe;
    if (offer->dialogue != nullptr) {
        const auto& keys = entry.channel.keys;
        probe.dialogue = std::make_unique<Dialogue>(
            offer->dialogue->message(key < keys.size() ? keys[key] : Secret(), written->body));
        written->headers = handshake_headers(probe.dialogue->key());
    } else {
        probe.body = std::move(written->body);
    }
    std::array<std::string_view, 1> pieces{probe.body};
    Errand errand{entry, target, *offer, key, model};
    auto made = append_head(probe.head, errand, written->headers, pieces, clock);
    if (!made)
        return made.error();
    return probe;
}

bool is_whole(const channels::Entry& entry, std::string_view messages) {
    return read_all(entry, messages).has_value();
}

Result<std::string> read_probe(const channels::Entry& entry, std::string_view reply) {
    auto read = read_all(entry, reply);
    if (!read)
        return read.error();
    const auto& events = *read;
    wire::WholeReply whole;
    for (const auto& event : events)
        wire::add_event(whole, event);
    if (whole.failed)
        return *whole.failed;
    std::string text;
    for (const auto& [number, choice] : whole.choices)
        for (const auto& [place, block] : choice.blocks)
            if (const auto* said = std::get_if<llm::Text>(&block.part.what))
                text += said->text;
    return llm::redact(text, shown_bytes_max);
}

}  // namespace obliv::relay
