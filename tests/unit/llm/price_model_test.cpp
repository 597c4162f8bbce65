// The cost of a call against a model that is as slow as it is simple: whole numbers of any length,
// added up unit by unit as the price page says, and divided once.

#include "core/base/random.hpp"
#include "core/llm/price.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <vector>

using namespace obliv;
using namespace obliv::llm;

namespace {

/// A whole number, base ten thousand, least digit first.
class Big {
public:
    explicit Big(std::int64_t value = 0) {
        for (auto rest = static_cast<std::uint64_t>(value); rest > 0; rest /= base)
            digits_.push_back(rest % base);
    }
    Big& operator+=(const Big& other) {
        std::uint64_t carry = 0;
        for (std::size_t i = 0; i < other.digits_.size() || carry > 0; ++i) {
            if (i == digits_.size())
                digits_.push_back(0);
            carry += digits_[i] + (i < other.digits_.size() ? other.digits_[i] : 0);
            digits_[i] = carry % base;
            carry /= base;
        }
        return *this;
    }
    friend Big operator*(const Big& a, const Big& b) {
        Big out;
        for (std::size_t i = 0; i < a.digits_.size(); ++i) {
            Big row;
            row.digits_.assign(i, 0);
            std::uint64_t carry = 0;
            for (std::size_t j = 0; j < b.digits_.size() || carry > 0; ++j) {
                carry += j < b.digits_.size() ? a.digits_[i] * b.digits_[j] : 0;
                row.digits_.push_back(carry % base);
                carry /= base;
            }
            out += row;
        }
        return out;
    }
    /// A millionth of a millionth of it, half up; nothing below counts.
    Big rounded() const {
        Big half(500'000'000'000);
        half += *this;
        if (half.digits_.size() <= 3)
            return Big();
        half.digits_.erase(half.digits_.begin(), half.digits_.begin() + 3);
        return half;
    }
    std::string text() const {
        std::string out;
        for (auto digit : digits_) {
            auto four = std::to_string(digit);
            out.insert(0, std::string(4 - four.size(), '0') + four);
        }
        out.erase(0, out.find_first_not_of('0'));
        return out.empty() ? "0" : out;
    }

private:
    static constexpr std::uint64_t base = 10'000;
    std::vector<std::uint64_t> digits_;
};

std::string model_cost(const Price& price, const Usage& usage, std::int64_t share) {
    // Which table of the price page counts: the last one that the call is too long for.
    TokenPrices tokens = price;
    auto length = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h +
                  usage.audio_in + usage.image_in;
    for (const auto& tier : price.tiers)
        if (length > tier.above)
            tokens = tier.prices;
    Big sum;
    auto add = [&](std::int64_t units, Money each) { sum += Big(units) * Big(each.nanos()); };
    auto part = [&](std::int64_t units, const std::optional<Money>& each, Money whole) {
        add(units, each ? *each : whole);
    };
    add(usage.input, tokens.input);
    part(usage.cache_read, tokens.cache_read, tokens.input);
    part(usage.cache_write_5m, tokens.cache_write_5m, tokens.input);
    part(usage.cache_write_1h, tokens.cache_write_1h, tokens.input);
    part(usage.audio_in, tokens.audio_in, tokens.input);
    part(usage.image_in, tokens.image_in, tokens.input);
    add(usage.output, tokens.output);
    part(usage.reasoning, tokens.reasoning, tokens.output);
    part(usage.audio_out, tokens.audio_out, tokens.output);
    add(1, price.per_call);
    add(usage.images, price.per_image);
    add(usage.seconds, price.per_second);
    add(usage.characters, price.per_character);
    add(usage.searches, price.per_search);
    return (sum * Big(share)).rounded().text();
}

class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}

    std::int64_t below(std::uint64_t bound) {
        return static_cast<std::int64_t>(random_.below(bound));
    }
    Money money() {
        // Cheap and dear ones, round and crooked ones.
        static constexpr std::uint64_t bounds[] = {2, 1'000'000, 80'000'000'000, 4'000'000'000'000};
        return Money::nanos(below(bounds[random_.below(4)]));
    }
    std::optional<Money> maybe() {
        return random_.below(2) == 0 ? std::nullopt : std::optional(money());
    }
    std::int64_t count() {
        static constexpr std::uint64_t bounds[] = {1, 3, 5'000, 300'000, 1'000'000'000};
        return below(bounds[random_.below(5)]);
    }
    TokenPrices tokens() {
        return {money(), money(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe()};
    }
    Price price() {
        Price out;
        static_cast<TokenPrices&>(out) = tokens();
        if (random_.below(3) == 0) {
            out.per_call = money();
            out.per_image = money();
            out.per_second = money();
            out.per_character = money();
            out.per_search = money();
        }
        std::int64_t above = 0;
        for (auto tiers = random_.below(4); tiers > 0; --tiers) {
            above += 1 + count();
            out.tiers.push_back({above, tokens()});
        }
        return out;
    }
    Usage usage() {
        Usage out;
        for (auto member : usage_members)
            out.*member = random_.below(3) == 0 ? count() : 0;
        return out;
    }
    std::int64_t share() {
        static constexpr std::uint64_t bounds[] = {2, 1'000'001, 1'000'000'001};
        return random_.below(2) == 0 ? whole_share : below(bounds[random_.below(3)]);
    }

private:
    Random random_;
};

}  // namespace

TEST_CASE("a cost is what the price page says, to the last nano-dollar", "[llm]") {
    const char* given = std::getenv("OBLIV_TEST_SEED");
    auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{20'261'122};
    Dice dice(seed);
    for (int round = 0; round < 20'000; ++round) {
        auto price = dice.price();
        auto usage = dice.usage();
        auto share = dice.share();
        auto expected = model_cost(price, usage, share);
        auto cost = cost_of(price, usage, share);
        if (expected.size() > 18)  // more than there is money
            continue;
        if (std::to_string(cost.nanos()) != expected)
            FAIL("seed " << seed << ", round " << round << ": " << cost.nanos() << ", not "
                         << expected);
        Usage bound = usage;
        bound.input = usage.input_all();
        bound.output = usage.output_all();
        if (cost_at_most(price, bound, share) < cost)
            FAIL("seed " << seed << ", round " << round << ": a bound below the cost");
    }
    SUCCEED();
}

TEST_CASE("a longer call pays the prices of its tier for all of its tokens", "[llm]") {
    Price p;
    p.input = Money::dollars(1);
    p.output = Money::dollars(10);
    auto& tier = p.tiers.emplace_back();
    tier.above = 200'000;
    tier.prices.input = Money::dollars(2);
    tier.prices.output = Money::dollars(15);
    tier.prices.cache_read = Money::nanos(200'000'000);
    Usage u;
    u.input = 200'000;
    u.output = 1000;
    CHECK(cost_of(p, u) == Money::nanos(200'000'000 + 10'000'000));
    u.cache_read = 1;  // of whatever kind the input is
    CHECK(cost_of(p, u) == Money::nanos(400'000'000 + 200 + 15'000'000));
    CHECK(due_for(p, u, UsageSource::partial) == cost_of(p, u));
    CHECK(due_for(p, u, UsageSource::none) == Money{});
    // The sums of a batch are no long call.
    CHECK(due_for(p, u, UsageSource::batch) == Money::nanos(200'001'000 + 10'000'000));
}

TEST_CASE("a variant is meant for the calls that have its size, its quality, or both", "[llm]") {
    const std::string_view wanted = "1024x1792/hd";
    CHECK(fit_of("1024x1792/hd", wanted) > fit_of("1024x1792", wanted));
    CHECK(fit_of("1024x1792", wanted) > fit_of("hd", wanted));
    CHECK(fit_of("hd", wanted) > fit_of("", wanted));
    CHECK(fit_of("", wanted) > 0);
    CHECK(fit_of("", "") > 0);
    for (auto other : {"512x512", "hd/1024x1792", "1024x1792/", "/hd", "1024x1792/low"})
        CHECK(fit_of(other, wanted) == 0);
    CHECK(fit_of("hd", "") == 0);
}

TEST_CASE("shares of a price are multiplied and rounded once", "[llm]") {
    CHECK(combined_share(whole_share, whole_share) == whole_share);
    CHECK(combined_share(800'000, 500'000) == 400'000);
    CHECK(combined_share(333'333, 500'000) == 166'667);
    CHECK(combined_share(1'000'000'000, 1'000'000) == 1'000'000'000);
}
