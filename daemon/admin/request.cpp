#include "daemon/admin/request.hpp"

#include "core/api/values.hpp"
#include "core/base/check.hpp"
#include "core/base/text.hpp"
#include "core/http/uri.hpp"

#include <algorithm>

namespace obliv::admin {
namespace {

Error bad_query(std::string_view name, std::string message) {
    auto error = fail(Code::invalid_request, std::move(message));
    error.param = visible(name);
    return error;
}

const std::string* find(const Request::Values& values, std::string_view name) {
    for (const auto& [key, value] : values)
        if (key == name)
            return &value;
    return nullptr;
}

bool is_plain(std::string_view text) {
    return !first_invalid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
    });
}

/// `name=value`, decoded; nothing if it is broken.
std::optional<std::pair<std::string, std::string>> decoded_pair(std::string_view text) {
    auto equals = text.find('=');
    auto name = http::percent_decode(text.substr(0, equals), true);
    auto value = equals == std::string_view::npos
                     ? std::string()
                     : http::percent_decode(text.substr(equals + 1), true);
    if (!name || !value || !is_plain(*name) || !is_plain(*value))
        return std::nullopt;
    return std::pair(*std::move(name), *std::move(value));
}

Error unknown_parameter(const std::string& name, const std::vector<std::string_view>& known) {
    auto message = "unknown query parameter '" + name + "'";
    if (auto meant = did_you_mean(name, known); meant && !meant->empty())
        message += "; did you mean '" + std::string(*meant) + "'?";
    return bad_query(name, std::move(message));
}

}  // namespace

Request::Request(const Incoming& incoming, const api::Operation& operation, Values params)
    : incoming_(incoming), operation_(operation), params_(std::move(params)) {}

Result<void> Request::read_query() {
    if (incoming_.query.empty())
        return ok();
    auto known = split(operation_.query, ' ');
    for (auto text : split(incoming_.query, '&')) {
        auto pair = decoded_pair(text);
        if (!pair)
            return bad_query("", "the query is not well-formed at '" + visible(text.substr(0, 80)) +
                                     "'");
        const auto& name = pair->first;
        if (name.empty() || std::find(known.begin(), known.end(), name) == known.end())
            return unknown_parameter(name.substr(0, 80), known);
        if (find(query_, name) != nullptr)
            return bad_query(name, "the query parameter '" + name + "' is given twice");
        query_.push_back(*std::move(pair));
    }
    return ok();
}

const std::string& Request::param(std::string_view name) const {
    const auto* value = find(params_, name);
    check(value != nullptr, "a handler reads the parameters of its own path");
    return *value;
}

std::optional<std::string> Request::query(std::string_view name) const {
    const auto* value = find(query_, name);
    if (value == nullptr || value->empty())
        return std::nullopt;
    return *value;
}

Result<api::Body> Request::body() const {
    return api::Body::parse(incoming_.body, api::schema(operation_.request));
}

Result<int> Request::limit() const {
    auto text = query("limit");
    if (!text)
        return storage::PageRequest{}.limit;
    auto number = parse_int(*text);
    if (!number || *number < 1 || *number > 1000)
        return bad_query("limit", "limit: expected a number from 1 to 1000, got '" +
                                      visible(text->substr(0, 80)) + "'");
    return static_cast<int>(*number);
}

Result<std::string> Request::text_cursor(std::string_view list) const {
    auto cursor = query("cursor");
    if (!cursor)
        return std::string();
    return api::parse_text_cursor(list, *cursor);
}

Result<storage::PageRequest> Request::page(std::string_view list, bool descending) const {
    auto rows = limit();
    if (!rows)
        return rows.error();
    storage::PageRequest page;
    page.limit = *rows;
    page.descending = descending;
    if (auto cursor = query("cursor")) {
        auto after = api::parse_cursor(list, *cursor);
        if (!after)
            return after.error();
        page.after = *after;
    }
    return page;
}

}  // namespace obliv::admin
