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

/// Answered without figures: vectors cost what was read, all else its price per call.
void Relay::Chat::fill_plain_usage() {
    auto& row = record.call;
    bool vectors = inbound.operation == providers::Operation::embeddings;
    row.usage = {};
    row.usage.input = vectors ? input_estimate : 0;
    row.source = vectors ? llm::UsageSource::estimated : llm::UsageSource::provider;
}

void Relay::Chat::fill_usage(std::int64_t thoughts_per_second) {
    if (rare && rare->asked)
        return fill_media_usage();
    auto& row = record.call;
    const auto& seen = facts();
    bool whole = row.finish_reason != "aborted" && row.finish_reason != "cut";
    if (tells_usage(seen)) {
        row.usage = *seen.usage;
        row.usage.output += llm::estimate_tokens(seen.text_bytes_after_usage);
        row.usage.reasoning += llm::estimate_tokens(seen.reasoning_bytes_after_usage);
        whole = whole && row.usage == *seen.usage;
        row.source = whole ? llm::UsageSource::provider : llm::UsageSource::partial;
    } else if (inbound.operation != providers::Operation::chat && whole && row.error.empty()) {
        fill_plain_usage();
    } else if (seen.produced() || ((begun || accepted) && row.finish_reason == "aborted")) {
        // A caller who leaves before the first word has had the prompt read all the same.
        row.usage = {};
        row.usage.input = input_estimate;
        row.usage.output = llm::estimate_tokens(seen.text_bytes);
        row.usage.reasoning = llm::estimate_tokens(seen.reasoning_bytes);
        if (!whole)
            row.usage.reasoning += unseen_thoughts(thoughts_per_second);
        row.source = llm::UsageSource::estimated;
    } else {
        row.usage = {};
        row.source = llm::UsageSource::none;
    }
}

}  // namespace obliv::relay
