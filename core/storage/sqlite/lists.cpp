#include "core/storage/sqlite/lists.hpp"

#include <nlohmann/json.hpp>

namespace obliv::storage::sqlite {
namespace {

using Json = nlohmann::json;

// Invalid UTF-8 is replaced: an exception of the library must not end a write.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const std::vector<std::string>& list) {
    auto json = Json::array();
    for (const auto& text : list)
        json.push_back(text);
    return dump(json);
}

std::string to_json(const std::map<std::string, std::string>& map) {
    auto json = Json::object();
    for (const auto& [key, value] : map)
        json[key] = value;
    return dump(json);
}

std::vector<std::string> list_from_json(std::string_view text) {
    std::vector<std::string> list;
    auto json = Json::parse(text, nullptr, false);
    if (json.is_array())
        for (const auto& item : json)
            if (item.is_string())
                list.push_back(item.get<std::string>());
    return list;
}

std::map<std::string, std::string> map_from_json(std::string_view text) {
    std::map<std::string, std::string> map;
    auto json = Json::parse(text, nullptr, false);
    if (json.is_object())
        for (const auto& [key, value] : json.items())
            if (value.is_string())
                map.emplace(key, value.get<std::string>());
    return map;
}

}  // namespace obliv::storage::sqlite
