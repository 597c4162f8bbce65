#include "core/providers/balance.hpp"

#include "core/wire/json.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace obliv::providers {
namespace {

constexpr std::size_t balances_max = 16;

/// A decimal number, whether the provider writes it as a number or as a text; else empty.
std::string decimal(const wire::Json* value) {
    if (value == nullptr)
        return {};
    if (value->is_number())
        return wire::json_text(*value);
    auto text = value->is_string() ? value->get<std::string>() : std::string();
    bool number = !text.empty() && text.size() <= 32 &&
                  text.find_first_not_of("0123456789.-") == std::string::npos;
    return number ? text : std::string();
}

void add(std::vector<Balance>& out, std::string amount, std::string currency) {
    if (!amount.empty() && currency.size() <= 8 && out.size() < balances_max)
        out.push_back({std::move(amount), std::move(currency)});
}

/// OpenRouter tells what was bought and what was used.
std::string rest_of(const wire::Json& data) {
    const auto* bought = wire::member(data, "total_credits");
    const auto* used = wire::member(data, "total_usage");
    if (bought == nullptr || used == nullptr || !bought->is_number() || !used->is_number())
        return {};
    char text[64];
    std::snprintf(text, sizeof text, "%.6f", bought->get<double>() - used->get<double>());
    return text;
}

}  // namespace

Result<std::vector<Balance>> balances(std::string_view json) {
    auto document = wire::parse_json(json);
    std::vector<Balance> out;
    if (document) {
        if (const auto* infos = wire::member(*document, "balance_infos");
            infos != nullptr && infos->is_array())
            for (const auto& info : *infos)
                add(out, decimal(wire::member(info, "total_balance")),
                    wire::string_in(info, "currency"));
        if (const auto* data = wire::member(*document, "data")) {
            add(out, decimal(wire::member(*data, "available_balance")), {});
            add(out, rest_of(*data), "USD");
        }
    }
    if (out.empty())
        return fail(Code::upstream_failed, "the provider's reply tells no balance");
    return out;
}

}  // namespace obliv::providers
