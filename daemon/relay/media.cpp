// Calls for pictures and sound: the road of a chat, but for how their replies are read and billed.

#include "core/llm/image_variant.hpp"
#include "daemon/relay/chat.hpp"

#include <algorithm>

namespace obliv::relay {

void Relay::Chat::start_media() {
    using Form = llm::MediaScan::Form;
    auto type = upstream.head().headers.find("content-type").value_or(std::string_view{});
    bool json = type.find("json") != std::string_view::npos;
    auto form = event_stream ? Form::stream : (json ? Form::json : Form::bytes);
    rare->media = std::make_unique<llm::MediaScan>(form, opening->call.choices);
}

/// What a stream's error event said; empty: there was none.
std::string_view Relay::Chat::stream_error() const noexcept {
    return media() != nullptr ? media()->error() : stream().error();
}

/// Every unit that is known is in the row; which of them cost something is for the price to say.
/// Figures of the provider go before our own, and tokens are estimated only where it told nothing.
void Relay::Chat::fill_media_usage() {
    auto& row = record.call;
    const auto& seen = facts();
    row.usage = {};
    row.source = llm::UsageSource::none;
    if (rare->asked->kind == llm::MediaKind::images)
        hold.made(llm::variant_made(rare->asked->variant,
                                    media() != nullptr ? media()->made() : llm::ImageMade{},
                                    row.model_served));
    if (row.finish_reason == "aborted") {
        if (begun || accepted)
            fill_abandoned_media();
        return;
    }
    auto images =
        media() != nullptr ? std::min(media()->images(), rare->asked->estimate.images) : 0;
    if (row.finish_reason == "cut") {
        if (!seen.usage && images == 0)
            return;
        row.usage = seen.usage.value_or(llm::Usage{});
        row.usage.images = images;
        row.source = llm::UsageSource::partial;
        return;
    }
    if (row.error.empty() && !seen.error && begun)
        fill_whole_media(images);
}

/// A provider that has begun does all of the work, whoever listens.
void Relay::Chat::fill_abandoned_media() {
    auto& row = record.call;
    const auto& asked = rare->asked->estimate;
    row.usage = facts().usage.value_or(asked);
    row.usage.images = asked.images;
    row.usage.seconds = std::max(row.usage.seconds, asked.seconds);
    row.usage.characters = asked.characters;
    row.source = llm::UsageSource::estimated;
}

void Relay::Chat::fill_whole_media(std::int64_t images) {
    auto& row = record.call;
    const auto& asked = *rare->asked;
    const auto& told = facts().usage;
    row.usage = told.value_or(asked.estimate);
    row.usage.images = images;
    row.usage.characters = asked.estimate.characters;
    if (!told || told->seconds == 0)
        row.usage.seconds = media()->seconds().value_or(asked.estimate.seconds);
    if (told) {
        row.source = llm::UsageSource::provider;
        return;
    }
    bool counted =
        asked.kind == llm::MediaKind::images || asked.exact || media()->seconds().has_value();
    row.source = counted ? llm::UsageSource::counted : llm::UsageSource::estimated;
    // What is sold by the image or the second has no tokens that anybody would have told.
    if (counted)
        row.usage.input = row.usage.output = row.usage.audio_in = 0;
}

}  // namespace obliv::relay
