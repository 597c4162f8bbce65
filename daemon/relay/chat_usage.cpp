#include "core/llm/estimate.hpp"
#include "core/loop/loop.hpp"
#include "daemon/relay/chat.hpp"

#include <algorithm>

namespace obliv::relay {
namespace {

/// Whether the provider's figures can be meant: some servers report zeros whatever they have said.
bool tells_usage(const llm::ReplyFacts& facts) {
    return facts.usage &&
           (facts.usage->input_all() + facts.usage->output_all() > 0 || !facts.produced());
}

/// Adds what was said after the last figures. Figures are of all so far: those that came before the
/// first word, as Anthropic's do, tell of words that are in the count too.
void add_since(const llm::ReplyFacts& facts, const metering::ReplyMeter::Counts& since,
               llm::Usage& usage) {
    bool foretold = facts.text_bytes == facts.text_bytes_after_usage &&
                    facts.reasoning_bytes == facts.reasoning_bytes_after_usage;
    auto counted = since.output + since.reasoning;
    auto twice = foretold ? std::min(usage.output, counted) : 0;
    usage.output += since.output - twice;
    usage.reasoning += since.reasoning;
}

}  // namespace

/// Some models think where nobody sees it, and say how much only at the end. When that never comes,
/// the time to the first word tells.
std::int64_t Relay::Chat::unseen_thoughts(std::int64_t per_second) const {
    if (!event_stream || facts().reasoning_bytes > 0 ||
        !llm::thinks_unseen(record.call.model_served))
        return 0;
    auto until = record.call.ttft_us < 0
                     ? exchange.loop().now()
                     : exchange.arrived() + std::chrono::microseconds(record.call.ttft_us);
    auto time = std::chrono::duration_cast<std::chrono::milliseconds>(until - attempt.begun());
    return std::clamp<std::int64_t>(time.count() * per_second / 1000, 0, hold.output_tokens());
}

/// Answered without figures: vectors cost what was read, a ranking one search, all else its price
/// per call.
void Relay::Chat::fill_plain_usage() {
    auto& row = record.call;
    bool vectors = inbound.operation == providers::Operation::embeddings;
    row.usage = {};
    row.usage.input = vectors ? input_estimate : 0;
    row.usage.searches = inbound.operation == providers::Operation::rerank ? 1 : 0;
    row.source = vectors ? llm::UsageSource::estimated : llm::UsageSource::provider;
}

/// The provider told nothing: its texts are counted, and so is the input where it was to be
/// expected that nothing would be told.
void Relay::Chat::fill_counted_usage(std::int64_t thoughts) {
    auto& row = record.call;
    auto counted = meter.counts();
    row.usage = {};
    row.usage.input = input_estimate;
    row.usage.output = counted.output;
    row.usage.reasoning = counted.reasoning + thoughts;
    // Several choices speak at once, and what is counted is what they said in turn.
    bool exact = input_exact && counted.exact && thoughts == 0 && choices == 1;
    row.source = exact ? llm::UsageSource::counted : llm::UsageSource::estimated;
}

std::int64_t Relay::Chat::produced_tokens() {
    auto counted = meter.counts();
    auto told = tells_usage(facts()) ? facts().usage->output_all() : 0;
    return told + counted.output + counted.reasoning;
}

/// Remembers of a channel whether it tells figures: of one that does not, the input of the next
/// call is counted.
void Relay::Chat::note_figures(bool told) {
    if (health != nullptr && inbound.operation == providers::Operation::chat)
        health->note_figures(told);
}

bool Relay::Chat::expects_no_figures() const noexcept {
    if (inbound.operation != providers::Operation::chat || facts().usage || !opening)
        return false;
    bool all_here = !event_stream && chunk().last;
    return all_here || (health != nullptr && health->tells_no_figures());
}

void Relay::Chat::fill_usage(std::int64_t thoughts_per_second) {
    if (rare && rare->asked)
        return fill_media_usage();
    auto& row = record.call;
    const auto& seen = facts();
    bool whole = row.finish_reason != "aborted" && row.finish_reason != "cut";
    if (whole && row.error.empty() && seen.produced())
        note_figures(tells_usage(seen));
    if (tells_usage(seen)) {
        row.usage = *seen.usage;
        if (seen.text_bytes_after_usage + seen.reasoning_bytes_after_usage > 0)
            add_since(seen, meter.counts(), row.usage);
        whole = whole && row.usage == *seen.usage;
        row.source = whole ? llm::UsageSource::provider : llm::UsageSource::partial;
    } else if (inbound.operation != providers::Operation::chat && whole && row.error.empty()) {
        fill_plain_usage();
    } else if (seen.produced() || ((begun || accepted) && row.finish_reason == "aborted")) {
        // A caller who leaves before the first word has had the prompt read all the same.
        fill_counted_usage(whole ? 0 : unseen_thoughts(thoughts_per_second));
    } else {
        row.usage = {};
        row.source = llm::UsageSource::none;
    }
    if (const auto* gone_on = continuation(); gone_on != nullptr && gone_on->resumed())
        row.source = llm::UsageSource::partial;
}

}  // namespace obliv::relay
