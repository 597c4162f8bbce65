#include "core/wire/data_uri.hpp"

#include "core/base/text.hpp"

namespace obliv::wire {

std::optional<DataUri> parse_data_uri(std::string_view url) {
    constexpr std::string_view scheme = "data:";
    constexpr std::string_view encoding = ";base64";
    if (url.size() < scheme.size() || !equal_ignoring_case(url.substr(0, scheme.size()), scheme))
        return std::nullopt;
    url.remove_prefix(scheme.size());
    auto comma = url.find(',');
    if (comma == std::string_view::npos)
        return std::nullopt;
    auto type = url.substr(0, comma);
    if (type.size() < encoding.size() ||
        !equal_ignoring_case(type.substr(type.size() - encoding.size()), encoding))
        return std::nullopt;
    type.remove_suffix(encoding.size());
    return DataUri{std::string(type), std::string(url.substr(comma + 1))};
}

std::string data_uri(std::string_view media_type, std::string_view base64) {
    std::string out = "data:";
    out.append(media_type).append(";base64,").append(base64);
    return out;
}

}  // namespace obliv::wire
