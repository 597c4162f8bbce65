#pragma once

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::sim {

using std::chrono::milliseconds;

/// How a reply goes wrong on purpose.
struct Fault {
    enum class Kind : std::uint8_t {
        none,
        status,     ///< an error reply at once; 429 comes with Retry-After
        hang,       ///< the request is read and never answered
        cut,        ///< the connection closes in the middle of the reply
        malformed,  ///< the middle of the reply is not JSON
        drip,       ///< the reply comes in pieces of a few bytes, cut anywhere
    };

    Kind kind = Kind::none;
    int status = 0;  ///< of Kind::status: 400 to 599

    bool operator==(const Fault&) const = default;
};

/// Reads `429`, `500` (any status from 400 to 599), `hang`, `cut`, `malformed`, `drip` or `none`.
Result<Fault> parse_fault(std::string_view text);

struct FaultRate {
    Fault fault;
    double rate = 0;  ///< share of the calls, 0 to 1
};

/// Reads `429=0.01`.
Result<FaultRate> parse_fault_rate(std::string_view text);

/// Output tokens of a call: normally distributed, at least one.
struct Length {
    double mean = 50;
    double deviation = 0;
};

/// Reads `50`, or `50:10` for a mean and a standard deviation.
Result<Length> parse_length(std::string_view text);

/// Which replies tell what they consumed.
enum class UsageMode : std::uint8_t {
    on,           ///< plain replies always, streams when asked: as the provider does
    off,          ///< none
    final_chunk,  ///< plain replies always, and every stream in its last chunk
};

/// Reads `on`, `off` or `final-chunk`.
Result<UsageMode> parse_usage_mode(std::string_view text);

/// Reads a share such as `0.2`, from 0 to 1.
Result<double> parse_share(std::string_view text, std::string_view name);

struct Options {
    std::string listen = "127.0.0.1:0";
    std::size_t threads = 0;  ///< loops; zero means one per usable CPU
    milliseconds ttft{200};   ///< from the end of the request to the first token
    milliseconds itl{20};     ///< from token to token
    double jitter = 0.2;      ///< each delay is drawn evenly from this share below to above it
    Length output{};
    UsageMode usage = UsageMode::on;
    std::vector<std::string> models{};  ///< none: every name is served
    Secret key{};                       ///< empty: no credential is asked for
    std::vector<FaultRate> faults{};
    std::uint64_t seed = 1;
};

/// What is checked at last: there is an address to listen on, and the rates of all faults together
/// are at most 1.
Result<void> check_options(const Options& options);

}  // namespace obliv::sim
