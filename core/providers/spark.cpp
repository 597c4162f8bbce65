#include "core/providers/spark.hpp"

#include "core/base/text.hpp"
#include "core/providers/offers.hpp"

#include <array>

namespace obliv::providers {
namespace {

constexpr std::array offers{openai_chat("/chat/completions")};

constexpr wire::Dialect dialect() {
    wire::Dialect dialect;
    dialect.output_limit_field = "max_tokens";
    dialect.developer_role = false;
    dialect.stream_options = false;  // usage comes with the last event all the same
    dialect.parallel_tool_calls = false;
    dialect.json_schema = false;
    dialect.seed = false;
    return dialect;
}

/// `APP_ID|API_KEY|API_SECRET` is sent as `API_KEY:API_SECRET`; an APIPassword as it is.
std::string bearer_of(const Secret& key) {
    auto parts = split(key.reveal(), '|');
    if (parts.size() != 3)
        return std::string(key.reveal());
    return std::string(parts[1]) + ":" + std::string(parts[2]);
}

}  // namespace

// `x1` lies under `/v2`, every other model under `/v1`.
const Provider spark{"spark",  "https://spark-api-open.xf-yun.com/v1",
                     offers,   dialect(),
                     {},       {},
                     nullptr,  nullptr,
                     nullptr,  nullptr,
                     bearer_of};

}  // namespace obliv::providers
