#include "core/metering/reply_meter.hpp"

#include "core/llm/json_scan.hpp"
#include "core/tokenizer/counter.hpp"
#include "core/tokenizer/estimate.hpp"
#include "core/tokenizer/models.hpp"
#include "core/tokenizer/tokenizers.hpp"

namespace obliv::metering {

using llm::Voice;

struct ReplyMeter::State {
    const tokenizer::Encoding* encoding = nullptr;  ///< null: the tokens are estimated
    int percent = 100;                              ///< of an estimate
    Counts before;     ///< of everything but what the voice that speaks has said
    std::string kept;  ///< what it said last, and was not counted yet
    std::unique_ptr<tokenizer::Counter> counter;  ///< of what it said before that; most need none
    std::int64_t estimated = 0;                   ///< likewise
    Voice voice{};
    bool escaped = false;  ///< `kept` is

    /// Counts what is kept; the start of an escape waits for its end.
    void settle() {
        std::string text;
        std::size_t done = kept.size();
        if (escaped)
            done = llm::append_unescaped(text, kept);
        else
            text.swap(kept);
        kept.erase(0, std::min(done, kept.size()));
        if (encoding == nullptr) {
            estimated += static_cast<std::int64_t>(tokenizer::estimate(text, percent));
            return;
        }
        if (!counter)
            counter = std::make_unique<tokenizer::Counter>(*encoding);
        counter->add(text);
    }

    void clear() noexcept {
        before = {};
        kept.clear();
        counter.reset();
        estimated = 0;
    }

    Counts counts() {
        auto all = before;
        if (kept.empty() && !counter && estimated == 0)
            return all;
        settle();
        // All that a voice says together, as a tokenizer reads it.
        auto spoken = estimated + (counter ? static_cast<std::int64_t>(counter->count()) : 0);
        (voice == Voice::thought ? all.reasoning : all.output) += spoken;
        all.exact = all.exact && encoding != nullptr && voice != Voice::arguments;
        return all;
    }

    void close_voice() {
        auto all = counts();
        clear();
        before = all;
    }
};

ReplyMeter::ReplyMeter(const tokenizer::Tokenizers& tokenizers, const std::string& model)
    : tokenizers_(tokenizers), model_(model) {}

ReplyMeter::~ReplyMeter() = default;

void ReplyMeter::forget() noexcept {
    state_.reset();
}

/// What was asked for once is kept: some providers tell figures with every word.
void ReplyMeter::told() {
    if (state_)
        state_->clear();
}

void ReplyMeter::heard(Voice voice, std::string_view stretch, bool escaped) {
    if (stretch.empty())
        return;
    if (!state_) {
        state_ = std::make_unique<State>();
        state_->encoding = tokenizers_.of_model(model_);
        state_->percent = tokenizer::rule_of(model_).percent;
    }
    auto& state = *state_;
    if (voice != state.voice)
        state.close_voice();
    state.voice = voice;
    state.escaped = escaped;
    state.kept += stretch;
    if (state.kept.size() > bytes_max_)
        state.settle();
}

ReplyMeter::Counts ReplyMeter::counts() {
    if (!state_)
        return {};
    return state_->counts();
}

}  // namespace obliv::metering
