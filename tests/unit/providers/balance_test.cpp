#include "core/providers/balance.hpp"

#include "core/providers/provider.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::providers;

namespace {

std::string told(std::string_view json) {
    auto found = balances(json);
    if (!found) {
        CHECK(found.error().code == Code::upstream_failed);
        return "none";
    }
    std::string out;
    for (const auto& balance : *found)
        out += (out.empty() ? "" : ", ") + balance.amount + " " + balance.currency;
    return out;
}

}  // namespace

TEST_CASE("what is left is read in each provider's form", "[providers]") {
    CHECK(told(R"({"is_available":true,"balance_infos":[
        {"currency":"CNY","total_balance":"110.00","granted_balance":"10.00"},
        {"currency":"USD","total_balance":"-0.50"}]})") == "110.00 CNY, -0.50 USD");
    CHECK(
        told(
            R"({"code":0,"data":{"available_balance":49.58894,"cash_balance":3},"status":true})") ==
        "49.58894 ");
    CHECK(told(R"({"data":{"total_credits":100.5,"total_usage":25.25}})") == "75.250000 USD");
}

TEST_CASE("what tells no balance is the provider's fault", "[providers]") {
    for (const auto* json :
         {"", "[]", "{}", R"({"balance_infos":[]})",
          R"({"balance_infos":[{"total_balance":"a lot"}]})", R"({"balance_infos":7})",
          R"({"data":{"total_credits":"1","total_usage":2}})", R"({"data":[]})"}) {
        INFO(json);
        CHECK(told(json) == "none");
    }
}

TEST_CASE("providers that tell what is left are asked where they tell it", "[providers]") {
    CHECK(find_offer(*find("deepseek"), Operation::balance)->path == "/user/balance");
    CHECK(find_offer(*find("moonshot"), Operation::balance)->path == "/users/me/balance");
    CHECK(find_offer(*find("openrouter"), Operation::balance)->path == "/credits");
    CHECK(find_offer(*find("openai"), Operation::balance) == nullptr);
}
