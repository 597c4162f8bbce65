#include "cli/commands/price_file.hpp"

#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

namespace obliv::cli {
namespace {

constexpr std::array<std::string_view, 19> columns{
    "model",         "channel",        "variant",        "input",     "output",
    "cache_read",    "cache_write_5m", "cache_write_1h", "reasoning", "audio_in",
    "audio_out",     "image_in",       "per_call",       "per_image", "per_second",
    "per_character", "per_search",     "batch",          "tiers"};
// What a list tells besides: of the version, which an import makes anew.
constexpr std::array<std::string_view, 3> of_version{"version", "effective_from", "removed"};
constexpr std::array<std::string_view, 9> tier_fields{
    "input",     "output",   "cache_read", "cache_write_5m", "cache_write_1h",
    "reasoning", "audio_in", "audio_out",  "image_in"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Error in_row(std::size_t row, const std::string& why) {
    return fail(Code::usage, "price " + std::to_string(row) + ": " + why);
}

/// Nothing is said by what is as it would be without it.
bool unset(std::string_view name, const Json& value) {
    if (value.is_null() || (value.is_array() && value.empty()))
        return true;
    if (!value.is_string())
        return false;
    const auto& text = value.get_ref<const std::string&>();
    return text.empty() || (name.starts_with("per_") && text == "0.00") ||
           (name == "batch" && text == "1.00");
}

Result<Json> cleaned(const Json& row, std::size_t number) {
    if (!row.is_object())
        return in_row(number, "expected an object");
    Json out = Json::object();
    for (const auto& [name, value] : row.items()) {
        if (among(of_version, name))
            continue;
        if (!among(columns, name))
            return in_row(number, "there is no '" + visible(name) + "'");
        if (!unset(name, value))
            out[name] = value;
    }
    if (!out.contains("model"))
        return in_row(number, "it names no model");
    return out;
}

Result<Json> read_json(std::string_view text) {
    auto document = Json::parse(text, nullptr, false);
    if (document.is_object() && document.contains("prices"))
        document = Json(document["prices"]);
    else if (document.is_object() && document.contains("data"))
        document = Json(document["data"]);
    if (!document.is_array())
        return fail(Code::usage, "expected JSON with a list of prices, or CSV");
    Json rows = Json::array();
    for (const auto& row : document) {
        auto clean = cleaned(row, rows.size() + 1);
        if (!clean)
            return clean.error();
        rows.push_back(std::move(*clean));
    }
    return rows;
}

using Cells = std::vector<std::string>;

/// RFC 4180: cells may stand in quotes, where a quote is written twice.
class CsvReader {
public:
    explicit CsvReader(std::string_view text) : rest_(text) {
        if (rest_.starts_with("\xEF\xBB\xBF"))  // of a spreadsheet
            rest_.remove_prefix(3);
    }

    bool done() const noexcept { return rest_.empty(); }

    Cells line() {
        Cells cells;
        do {
            cells.push_back(rest_.starts_with('"') ? quoted() : plain());
        } while (take(','));
        take('\r');
        take('\n');
        return cells;
    }

private:
    bool take(char c) {
        bool there = rest_.starts_with(c);
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }
    std::string plain() {
        auto end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
        std::string cell(trim(rest_.substr(0, end)));
        rest_.remove_prefix(end);
        return cell;
    }
    std::string quoted() {
        std::string cell;
        while (take('"')) {
            if (!cell.empty())
                cell += '"';
            auto end = std::min(rest_.find('"'), rest_.size());
            cell += rest_.substr(0, end);
            rest_.remove_prefix(std::min(rest_.size(), end + 1));
        }
        return cell;
    }

    std::string_view rest_;
};

Result<Json> row_of(const Cells& names, const Cells& cells, std::size_t number) {
    if (cells.size() != names.size())
        return in_row(number, "it has " + std::to_string(cells.size()) + " cells, and the head " +
                                  std::to_string(names.size()));
    Json row = Json::object();
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (cells[i].empty())
            continue;
        row[names[i]] = cells[i];
        if (names[i] != "tiers")
            continue;
        auto tiers = read_tiers(cells[i]);
        if (!tiers)
            return in_row(number, tiers.error().message);
        row["tiers"] = std::move(*tiers);
    }
    return cleaned(row, number);
}

Result<Json> read_csv(std::string_view text) {
    CsvReader reader(text);
    auto names = reader.line();
    if (std::find(names.begin(), names.end(), "model") == names.end())
        return fail(Code::usage,
                    "expected a head line with the names of the columns: model, input ...");
    Json rows = Json::array();
    while (!reader.done()) {
        auto cells = reader.line();
        if (cells.size() == 1 && cells.front().empty())
            continue;
        auto row = row_of(names, cells, rows.size() + 1);
        if (!row)
            return row.error();
        rows.push_back(std::move(*row));
    }
    return rows;
}

Result<Json> read_tier(std::string_view text) {
    auto colon = text.find(':');
    auto above = parse_int(trim(text.substr(0, colon)));
    if (colon == std::string_view::npos || !above || *above < 1)
        return fail(Code::usage,
                    "expected ABOVE:input=USD,output=USD, got '" + visible(text) + "'");
    Json tier{{"above", *above}};
    for (auto part : split(text.substr(colon + 1), ',')) {
        auto equals = part.find('=');
        auto name = trim(part.substr(0, equals));
        if (equals == std::string_view::npos || !among(tier_fields, name))
            return fail(Code::usage, "expected input=USD or another price of tokens, got '" +
                                         visible(part) + "'");
        tier[std::string(name)] = std::string(trim(part.substr(equals + 1)));
    }
    for (const char* needed : {"input", "output"})
        if (!tier.contains(needed))
            return fail(Code::usage, "a tier needs " + std::string(needed) + "=USD");
    return tier;
}

void drop_nulls(Json& tiers) {
    for (auto& tier : tiers)
        for (auto name : tier_fields)
            if (auto found = tier.find(name); found != tier.end() && found->is_null())
                tier.erase(found);
}

std::string quoted_cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos)
        return text;
    std::string out = "\"";
    for (char c : text)
        out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

}  // namespace

Result<Json> read_tiers(std::string_view text) {
    Json tiers = Json::array();
    for (auto part : split(text, ';')) {
        if (trim(part).empty())
            continue;
        auto tier = read_tier(part);
        if (!tier)
            return tier.error();
        tiers.push_back(std::move(*tier));
    }
    return tiers;
}

std::string tiers_text(const Json& tiers) {
    std::string text;
    for (const auto& tier : tiers) {
        text += (text.empty() ? "" : ";") + std::to_string(tier.value("above", std::int64_t{0}));
        char before = ':';
        for (auto name : tier_fields) {
            auto found = tier.find(name);
            if (found == tier.end() || !found->is_string())
                continue;
            text += before + std::string(name) + "=" + found->get<std::string>();
            before = ',';
        }
    }
    return text;
}

Result<Json> read_prices(std::string_view text, bool csv) {
    return csv ? read_csv(text) : read_json(text);
}

Json exported_prices(const Json& prices) {
    Json rows = Json::array();
    for (const auto& price : prices) {
        Json row = Json::object();
        for (auto name : columns)
            if (auto found = price.find(name); found != price.end() && !unset(name, *found))
                row[std::string(name)] = *found;
        if (row.contains("tiers"))
            drop_nulls(row["tiers"]);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string prices_csv(const Json& prices) {
    std::string text;
    for (auto name : columns)
        text += (text.empty() ? "" : ",") + std::string(name);
    text += "\n";
    for (const auto& row : exported_prices(prices)) {
        std::string line;
        for (auto name : columns) {
            auto found = row.find(name);
            std::string cell;
            if (found != row.end())
                cell = name == "tiers" ? tiers_text(*found) : found->get<std::string>();
            line += (name == columns.front() ? "" : ",") + quoted_cell(cell);
        }
        text += line + "\n";
    }
    return text;
}

std::string default_prices_path() {
    std::error_code problem;
    auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
    return program.parent_path().parent_path() / "share/obliv/prices.json";
}

}  // namespace obliv::cli
