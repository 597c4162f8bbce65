#include "core/wire/spark.hpp"

#include "core/wire/json.hpp"

namespace obliv::wire {

std::string with_spark_app(std::string_view message, std::string_view app_id) {
    constexpr std::string_view header = R"({"header":{)";
    std::string out(header);
    out += R"("app_id":)";
    append_quoted(out, app_id);
    // write_spark_request() puts the header first of all.
    auto rest = message.substr(message.starts_with(header) ? header.size() : message.size());
    if (rest.starts_with('"'))
        out += ',';
    return out.append(rest);
}

const Wire spark{"spark", llm::ErrorShape::openai, nullptr,
                 nullptr, write_spark_request,     new_spark_reader};

}  // namespace obliv::wire
