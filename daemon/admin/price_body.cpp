#include "daemon/admin/price_body.hpp"

#include <array>
#include <optional>
#include <string>

namespace obliv::admin {
namespace {

std::optional<Money> money_of(const api::Body& body, std::string_view field) {
    if (!body.set(field))
        return std::nullopt;
    return body.money(field);
}

struct UnitPrice {
    std::string_view field;
    Money llm::Price::*member;
};
constexpr std::array unit_prices{UnitPrice{"per_call", &llm::Price::per_call},
                                 UnitPrice{"per_image", &llm::Price::per_image},
                                 UnitPrice{"per_second", &llm::Price::per_second},
                                 UnitPrice{"per_character", &llm::Price::per_character}};

/// From USD for one to USD for a million, the unit that every price is kept in.
Result<Money> per_million(const api::Body& body, std::string_view field) {
    std::int64_t nanos = 0;
    if (__builtin_mul_overflow(money_of(body, field).value_or(Money{}).nanos(),
                               std::int64_t{1'000'000}, &nanos)) {
        auto error = fail(Code::invalid_request,
                          std::string(field) + ": more than 9223 USD for one is not possible");
        error.param = std::string(field);
        return error;
    }
    return Money::nanos(nanos);
}

}  // namespace

Result<llm::Price> price_of(const api::Body& body) {
    llm::Price price;
    for (const auto& unit : unit_prices) {
        auto money = per_million(body, unit.field);
        if (!money)
            return money.error();
        price.*unit.member = *money;
    }
    price.input = body.money("input");
    price.output = body.money("output");
    price.cache_read = money_of(body, "cache_read");
    price.cache_write_5m = money_of(body, "cache_write_5m");
    price.cache_write_1h = money_of(body, "cache_write_1h");
    price.audio_in = money_of(body, "audio_in");
    price.image_in = money_of(body, "image_in");
    price.reasoning = money_of(body, "reasoning");
    price.audio_out = money_of(body, "audio_out");
    return price;
}

}  // namespace obliv::admin
