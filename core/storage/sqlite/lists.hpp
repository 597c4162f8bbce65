#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::storage::sqlite {

/// Lists and maps of texts as JSON, readable by SQLite's own JSON functions. Reading skips what is
/// not a text: the columns are written by us only.
std::string to_json(const std::vector<std::string>& list);
std::string to_json(const std::map<std::string, std::string>& map);
std::vector<std::string> list_from_json(std::string_view text);
std::map<std::string, std::string> map_from_json(std::string_view text);

}  // namespace obliv::storage::sqlite
