#include "cli/sim/plan.hpp"

#include "cli/sim/words.hpp"

#include <algorithm>
#include <cmath>

namespace obliv::sim {
namespace {

constexpr std::string_view tool_arguments = R"({"text": "lorem ipsum dolor"})";

/// Numbers of one call. Mixed twice: neighbouring seeds of the generator give shifted copies of
/// one sequence.
Random random_of(std::uint64_t seed, std::uint64_t number) noexcept {
    auto call = Random(number).next();
    return Random(Random(seed ^ call).next());
}

Fault draw_fault(const std::vector<FaultRate>& faults, double drawn) noexcept {
    for (const auto& [fault, rate] : faults) {
        if (drawn < rate)
            return fault;
        drawn -= rate;
    }
    return {};
}

/// The sum of twelve even draws is near enough to a normal one, and the same on every machine.
std::int64_t draw_length(const Length& length, Random& random) noexcept {
    double sum = -6;
    for (int i = 0; i < 12; ++i)
        sum += random.unit();
    return std::max<std::int64_t>(1, std::llround(length.mean + length.deviation * sum));
}

}  // namespace

std::chrono::nanoseconds Pace::next(milliseconds base) noexcept {
    auto nanos = std::chrono::nanoseconds(base);
    if (jitter_ == 0 || base.count() == 0)
        return nanos;
    auto factor = 1 + jitter_ * (2 * random_.unit() - 1);
    return std::chrono::nanoseconds(std::llround(static_cast<double>(nanos.count()) * factor));
}

std::chrono::nanoseconds Plan::whole_time() {
    auto sum = pace.next(ttft);
    if (itl.count() != 0)
        for (std::int64_t i = 1; i < tokens; ++i)
            sum += pace.next(itl);
    return sum;
}

Plan make_plan(const Options& options, const Call& call, std::uint64_t number) {
    auto random = random_of(options.seed, number);
    Plan plan;
    plan.number = number;
    // Drawn even if wishes decide: one call's wish must not shift another's fate.
    plan.fault = draw_fault(options.faults, random.unit());
    auto length = draw_length(options.output, random);
    plan.pace = Pace(random, options.jitter);

    const auto& wishes = call.wishes;
    plan.fault = wishes.fault.value_or(plan.fault);
    plan.tokens = wishes.tokens.value_or(length);
    plan.tool = wishes.tool;
    plan.think = wishes.think.value_or(0);
    if (plan.tool) {
        plan.tokens = count_words(tool_arguments);
    } else if (wishes.echo) {
        plan.echoes = true;
        plan.echo = *wishes.echo;
        plan.tokens = count_words(plan.echo);
    }
    auto limit = call.chat.output_tokens_max.value_or(plan.tokens);
    // Half of a call's arguments would be of no use to anybody.
    plan.cut_short = !plan.tool && limit < plan.tokens;
    if (plan.cut_short)
        plan.tokens = limit;
    plan.stamps = wishes.stamp && !plan.tool;
    plan.document = call.document;
    plan.document_type = call.document_type;
    plan.model = call.chat.model;
    plan.choices = call.chat.choices;
    plan.prompt_tokens = call.prompt_tokens;
    plan.ttft = wishes.ttft.value_or(options.ttft);
    plan.itl = wishes.itl.value_or(options.itl);
    plan.usage_in_reply = options.usage != UsageMode::off;
    plan.usage_at_end = options.usage == UsageMode::final_chunk ||
                        (options.usage == UsageMode::on && call.chat.usage_asked);
    return plan;
}

Words::Words(const Plan& plan) : lorem_(!plan.echoes && !plan.tool) {
    if (lorem_)
        return;
    plain_ = split_words(plan.tool ? tool_arguments : std::string_view(plan.echo));
    for (auto word : plain_) {
        auto quoted = llm::json_quoted(word);
        words_.push_back(quoted.substr(1, quoted.size() - 2));
    }
}

std::string_view Words::operator[](std::int64_t index) const noexcept {
    auto at = static_cast<std::size_t>(index);
    return lorem_ ? lorem(at) : std::string_view(words_[at]);
}

std::string_view Words::plain(std::int64_t index) const noexcept {
    auto at = static_cast<std::size_t>(index);
    return lorem_ ? lorem(at) : plain_[at];
}

}  // namespace obliv::sim
