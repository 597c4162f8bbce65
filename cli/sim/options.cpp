#include "cli/sim/options.hpp"

#include "core/base/text.hpp"
#include "core/config/endpoint.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace obliv::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Fault::Kind>, 5> named_faults{{
    {"none", Fault::Kind::none},
    {"hang", Fault::Kind::hang},
    {"cut", Fault::Kind::cut},
    {"malformed", Fault::Kind::malformed},
    {"drip", Fault::Kind::drip},
}};

std::optional<double> parse_decimal(std::string_view text) {
    double value = 0;
    const auto* end = text.data() + text.size();
    auto [at, code] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (code != std::errc() || at != end || !std::isfinite(value))
        return std::nullopt;
    return value;
}

Error bad_value(std::string_view expected, std::string_view came) {
    return fail(Code::usage, "expected " + std::string(expected) + ", not '" + visible(came) + "'");
}

}  // namespace

Result<Fault> parse_fault(std::string_view text) {
    for (const auto& [name, kind] : named_faults)
        if (name == text)
            return Fault{kind, 0};
    auto status = parse_int(text);
    if (!status || *status < 400 || *status > 599)
        return bad_value("a status from 400 to 599, hang, cut, malformed, drip or none", text);
    return Fault{Fault::Kind::status, static_cast<int>(*status)};
}

Result<FaultRate> parse_fault_rate(std::string_view text) {
    auto equals = text.find('=');
    if (equals == std::string_view::npos)
        return bad_value("a fault and its rate, such as 429=0.01", text);
    auto fault = parse_fault(text.substr(0, equals));
    if (!fault)
        return fault.error();
    auto rate = parse_share(text.substr(equals + 1), "the rate of a fault");
    if (!rate)
        return rate.error();
    return FaultRate{*fault, *rate};
}

Result<Length> parse_length(std::string_view text) {
    auto colon = text.find(':');
    auto mean = parse_decimal(text.substr(0, colon));
    auto deviation = colon == std::string_view::npos ? std::optional(0.0)
                                                     : parse_decimal(text.substr(colon + 1));
    if (!mean || !deviation || *mean < 1 || *mean > 1e6 || *deviation < 0 || *deviation > 1e6)
        return bad_value("a number of tokens such as 50, or mean:deviation such as 50:10", text);
    return Length{*mean, *deviation};
}

Result<UsageMode> parse_usage_mode(std::string_view text) {
    if (text == "on")
        return UsageMode::on;
    if (text == "off")
        return UsageMode::off;
    if (text == "final-chunk")
        return UsageMode::final_chunk;
    return bad_value("on, off or final-chunk", text);
}

Result<double> parse_share(std::string_view text, std::string_view name) {
    auto value = parse_decimal(text);
    if (!value || *value < 0 || *value > 1)
        return bad_value("a share from 0 to 1 for " + std::string(name), text);
    return *value;
}

Result<void> check_options(const Options& options) {
    if (auto endpoint = config::Endpoint::parse(options.listen); !endpoint)
        return fail(Code::usage, "--listen: " + endpoint.error().message);
    double sum = 0;
    for (const auto& entry : options.faults)
        sum += entry.rate;
    // A little over one is what adding ten times 0.1 gives.
    if (sum > 1 + 1e-9)
        return fail(Code::usage, "the rates of all faults together are over 1");
    return ok();
}

}  // namespace obliv::sim
