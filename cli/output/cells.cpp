#include "cli/output/cells.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace obliv::cli {

Json value_at(const Json& row, std::string_view path) {
    const Json* at = &row;
    while (!path.empty()) {
        auto key = path.substr(0, path.find('.'));
        if (!at->is_object())
            return nullptr;
        auto found = at->find(std::string(key));
        if (found == at->end())
            return nullptr;
        at = &*found;
        path.remove_prefix(std::min(key.size() + 1, path.size()));
    }
    return *at;
}

std::string cell_text(const Json& value) {
    std::string text;
    if (value.is_null())
        return "-";
    if (value.is_string())
        text = value.get<std::string>();
    else if (value.is_boolean())
        return value.get<bool>() ? "yes" : "no";
    else if (value.is_array())
        for (const auto& item : value)
            text += (text.empty() ? "" : ",") + cell_text(item);
    else
        text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return text.empty() ? "-" : text;
}

std::vector<std::vector<std::string>> cells_of(const Json& rows,
                                               const std::vector<Column>& columns) {
    std::vector<std::vector<std::string>> cells;
    for (const auto& row : rows) {
        auto& line = cells.emplace_back();
        for (const auto& column : columns)
            line.push_back(cell_text(value_at(row, column.path)));
    }
    return cells;
}

}  // namespace obliv::cli
