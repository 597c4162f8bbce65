#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obliv::wire {

/// `data:image/png;base64,iVBO…`
struct DataUri {
    std::string media_type;
    std::string base64;
};

/// Nothing for any other kind of URL, and for data that is not base64.
std::optional<DataUri> parse_data_uri(std::string_view url);

std::string data_uri(std::string_view media_type, std::string_view base64);

}  // namespace obliv::wire
