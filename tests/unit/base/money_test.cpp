#include "core/base/money.hpp"

#include "core/base/random.hpp"
#include "tests/support/aborts.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace obliv;

namespace {

/// Natural numbers of any length, low digit first, in base 1e9: slow and plainly right.
class Long {
public:
    explicit Long(std::uint64_t value) {
        for (; value != 0; value /= base)
            digits_.push_back(value % base);
    }
    Long times(std::uint64_t factor) const {
        Long out(0), other(factor);
        out.digits_.assign(digits_.size() + other.digits_.size() + 1, 0);
        for (std::size_t i = 0; i < digits_.size(); ++i)
            for (std::size_t j = 0; j < other.digits_.size(); ++j)
                out.add_at(i + j, digits_[i] * other.digits_[j]);
        return out;
    }
    Long plus(const Long& other) const {
        Long out = *this;
        out.digits_.resize(std::max(digits_.size(), other.digits_.size()) + 1, 0);
        for (std::size_t i = 0; i < other.digits_.size(); ++i)
            out.add_at(i, other.digits_[i]);
        return out;
    }
    /// Divided by 1e12, half up; saturated at INT64_MAX.
    std::int64_t per_trillion_half_up() const {
        auto sum = plus(Long(500'000'000'000));
        auto digit = [&](std::size_t i) { return i < sum.digits_.size() ? sum.digits_[i] : 0; };
        // 1e12 is one digit and three decimal places of the next.
        unsigned __int128 value = 0;
        for (std::size_t i = sum.digits_.size(); i-- > 2;) {
            value = value * base + digit(i);
            if (value > static_cast<unsigned __int128>(INT64_MAX))
                return INT64_MAX;
        }
        value = value * 1'000'000 + digit(1) / 1'000;
        return value > static_cast<unsigned __int128>(INT64_MAX) ? INT64_MAX
                                                                 : static_cast<std::int64_t>(value);
    }

private:
    static constexpr std::uint64_t base = 1'000'000'000;
    void add_at(std::size_t at, std::uint64_t value) {
        for (; value != 0; ++at) {
            if (at == digits_.size())
                digits_.push_back(0);
            value += digits_[at];
            digits_[at] = value % base;
            value /= base;
        }
    }
    std::vector<std::uint64_t> digits_;
};

/// Numbers of all magnitudes, the ends included.
std::int64_t any_size(Random& random) {
    auto bits = random.below(64);
    auto value = bits == 0 ? 0 : random.next() >> (64 - bits);
    return random.below(20) == 0 ? INT64_MAX : static_cast<std::int64_t>(value);
}

}  // namespace

TEST_CASE("amounts are read exactly", "[base][money]") {
    const std::pair<const char*, std::int64_t> examples[] = {
        {"0", 0},
        {"-0", 0},
        {"5", 5'000'000'000},
        {"5.00", 5'000'000'000},
        {"-0.25", -250'000'000},
        {"12.000000001", 12'000'000'001},
        {"0.000000001", 1},
        {"007.5", 7'500'000'000},
        {"9223372036.854775807", INT64_MAX},
        {"-9223372036.854775807", -INT64_MAX},
    };
    for (const auto& [text, nanos] : examples) {
        CAPTURE(text);
        auto money = Money::parse(text);
        REQUIRE(money);
        CHECK(money->nanos() == nanos);
    }
}

TEST_CASE("what is no amount is refused", "[base][money]") {
    for (auto bad : {"",
                     "-",
                     ".",
                     "5.",
                     ".5",
                     "+5",
                     "--5",
                     "5.0000000001",
                     "1e3",
                     "1,000",
                     "0x10",
                     " 5",
                     "5 ",
                     "5$",
                     "NaN",
                     "inf",
                     "9223372036.854775808",
                     "99999999999999999999",
                     "5.-1",
                     "5.1.2",
                     "\xEF\xBC\x95"}) {
        CAPTURE(bad);
        auto money = Money::parse(bad);
        REQUIRE(!money);
        CHECK(money.error().code == Code::invalid_request);
    }
    CHECK(!Money::parse(std::string_view("5\0", 2)));
}

TEST_CASE("amounts are written as the shortest decimal with cents", "[base][money]") {
    CHECK(Money::nanos(0).text() == "0.00");
    CHECK(Money::dollars(5).text() == "5.00");
    CHECK(Money::nanos(-1).text() == "-0.000000001");
    CHECK(Money::nanos(12'500).text() == "0.0000125");
    CHECK(Money::nanos(100'000'000).text() == "0.10");
    CHECK(Money::max().text() == "9223372036.854775807");
    CHECK(Money::nanos(INT64_MIN).text() == "-9223372036.854775808");
}

TEST_CASE("what is written reads back as the same amount", "[base][money]") {
    const std::uint64_t seed = 4711;
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 2000; ++round) {
        auto nanos = any_size(random) * (random.below(2) == 0 ? 1 : -1);
        auto money = Money::parse(Money::nanos(nanos).text());
        REQUIRE(money);
        CHECK(money->nanos() == nanos);
    }
}

TEST_CASE("sums that do not fit are errors or broken claims, never wrong", "[base][money]") {
    CHECK(*checked_add(Money::max(), Money::nanos(-1)) == Money::nanos(INT64_MAX - 1));
    CHECK(!checked_add(Money::max(), Money::nanos(1)));
    CHECK(!checked_add(Money::nanos(INT64_MIN), Money::nanos(-1)));
    CHECK(Money::dollars(3) - Money::dollars(5) == -Money::dollars(2));
    CHECK(test::aborts([] { return Money::max() + Money::nanos(1); }));
    CHECK(test::aborts([] { return Money::nanos(INT64_MIN) - Money::nanos(1); }));
    CHECK(test::aborts([] { return -Money::nanos(INT64_MIN); }));
    CHECK(!test::aborts([] { return Money::max() + Money::nanos(0); }));
}

TEST_CASE("a charge is rounded once, half up", "[base][money]") {
    auto charge = [](std::int64_t units, std::int64_t price, std::int64_t multiplier = 1'000'000) {
        Charge sum;
        sum.add(units, Money::nanos(price));
        return sum.round(multiplier).nanos();
    };
    CHECK(charge(1, 499'999) == 0);
    CHECK(charge(1, 500'000) == 1);
    CHECK(charge(1, 1'499'999) == 1);
    CHECK(charge(1'000'000, 7) == 7);
    CHECK(charge(1, 1'000'000, 499'999) == 0);
    CHECK(charge(1, 1'000'000, 500'000) == 1);
    CHECK(charge(5, 1'000'000, 0) == 0);
    CHECK(charge(0, INT64_MAX) == 0);
    // Three times a third of a nano-dollar is one, not three times none.
    Charge thirds;
    for (int i = 0; i < 3; ++i)
        thirds.add(1, Money::nanos(333'334));
    CHECK(thirds.round().nanos() == 1);
}

TEST_CASE("a charge beyond all money saturates", "[base][money]") {
    Charge huge;
    huge.add(INT64_MAX, Money::max());
    CHECK(huge.round() == Money::max());
    huge.add(INT64_MAX, Money::max());
    for (int i = 0; i < 10; ++i)
        huge.add(INT64_MAX, Money::max());
    CHECK(huge.round() == Money::max());
    CHECK(huge.round(INT64_MAX) == Money::max());
    CHECK(test::aborts([] { Charge().add(-1, Money::nanos(1)); }));
    CHECK(test::aborts([] { Charge().add(1, Money::nanos(-1)); }));
    CHECK(test::aborts([] { return Charge().round(-1); }));
}

TEST_CASE("charges agree with long arithmetic", "[base][money]") {
    const std::uint64_t seed = 20'261'122;
    CAPTURE(seed);
    Random random(seed);
    for (int round = 0; round < 5000; ++round) {
        Charge charge;
        Long sum(0);
        for (auto kinds = random.below(5); kinds-- > 0;) {
            auto units = any_size(random), price = any_size(random);
            charge.add(units, Money::nanos(price));
            sum = sum.plus(
                Long(static_cast<std::uint64_t>(units)).times(static_cast<std::uint64_t>(price)));
        }
        auto multiplier = random.below(2) == 0 ? 1'000'000 : any_size(random) % 100'000'000;
        auto expected = sum.times(static_cast<std::uint64_t>(multiplier)).per_trillion_half_up();
        CAPTURE(round, multiplier);
        CHECK(charge.round(multiplier).nanos() == expected);
    }
}
