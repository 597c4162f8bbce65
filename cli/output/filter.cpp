#include "cli/output/filter.hpp"

#include "cli/output/cells.hpp"
#include "core/base/text.hpp"

#include <nlohmann/json.hpp>

extern "C" {
#include <jq.h>
}

#include <algorithm>
#include <memory>

namespace obliv::cli {
namespace {

/// The text of jq's own message, which ends the program's life if it leaks: jv is counted by hand.
std::string message_of(jv value) {
    if (jv_get_kind(value) != JV_KIND_STRING)
        value = jv_dump_string(value, 0);
    std::string text = jv_string_value(value);
    jv_free(value);
    return text;
}

void keep_first_message(void* context, jv message) {
    auto& first = *static_cast<std::string*>(context);
    auto text = message_of(message);
    if (first.empty())
        first = text.substr(0, text.find('\n'));
}

Error bad_filter(std::string why) {
    constexpr std::string_view prefix = "jq: error: ";
    if (why.starts_with(prefix))
        why.erase(0, prefix.size());
    auto error = fail(Code::usage, "--jq: " + why);
    error.param = "jq";
    return error;
}

std::string line_of(jv value) {
    if (jv_get_kind(value) == JV_KIND_STRING)
        return message_of(value) + "\n";
    return message_of(jv_dump_string(value, 0)) + "\n";
}

const Json* rows_of(const Json& document) {
    auto data = document.find("data");
    return data != document.end() && data->is_array() ? &*data : nullptr;
}

/// Whether some row has this key, so that a missing one can be told from a wrong one.
Result<void> check_field(const Json& rows, const std::string& field) {
    std::vector<std::string> known;
    auto first = field.substr(0, field.find('.'));
    for (const auto& row : rows) {
        if (!row.is_object() || row.contains(first))
            return ok();
        for (const auto& [key, value] : row.items())
            known.push_back(key);
    }
    if (rows.empty())
        return ok();
    auto error = fail(Code::usage, "--fields: there is no field '" + field + "'");
    error.param = "fields";
    std::vector<std::string_view> names(known.begin(), known.end());
    if (auto near = did_you_mean(first, names))
        error.hint = "did you mean '" + std::string(*near) + "'?";
    return error;
}

void put_at(Json& target, std::string_view path, Json value) {
    Json* at = &target;
    while (true) {
        auto dot = path.find('.');
        at = &(*at)[std::string(path.substr(0, dot))];
        if (dot == std::string_view::npos)
            break;
        path.remove_prefix(dot + 1);
    }
    *at = std::move(value);
}

Json chosen(const Json& row, const std::vector<std::string>& fields) {
    if (!row.is_object())
        return row;
    Json kept = Json::object();
    for (const auto& field : fields)
        if (row.contains(field.substr(0, field.find('.'))))
            put_at(kept, field, value_at(row, field));
    return kept;
}

struct Destroy {
    void operator()(jq_state* state) const { jq_teardown(&state); }
};
using State = std::unique_ptr<jq_state, Destroy>;

/// `problem` gets what the program complains about, and has to outlive it.
Result<State> compile(const std::string& expression, std::string& problem) {
    State state(jq_init());
    if (!state)
        return fail(Code::internal, "libjq cannot start");
    jq_set_error_cb(state.get(), &keep_first_message, &problem);
    if (!jq_compile(state.get(), expression.c_str()))
        return bad_filter(problem.empty() ? "the expression does not compile" : problem);
    return state;
}

}  // namespace

Result<void> check_jq(const std::string& expression) {
    std::string problem;
    auto compiled = compile(expression, problem);
    return compiled ? ok() : Result<void>(compiled.error());
}

Result<std::string> jq_filter(const std::string& expression, const std::string& input) {
    std::string problem;
    auto compiled = compile(expression, problem);
    if (!compiled)
        return compiled.error();
    auto& state = *compiled;
    auto value = jv_parse_sized(input.data(), static_cast<int>(input.size()));
    if (!jv_is_valid(value)) {
        jv_free(value);
        return fail(Code::internal, "our own JSON does not parse");
    }
    jq_start(state.get(), value, 0);
    std::string out;
    while (true) {
        auto result = jq_next(state.get());
        if (jv_is_valid(result)) {
            out += line_of(result);
            continue;
        }
        if (!jv_invalid_has_msg(jv_copy(result))) {
            jv_free(result);
            return out;
        }
        return bad_filter(message_of(jv_invalid_get_msg(result)));
    }
}

Result<Json> keep_fields(const Json& document, const std::vector<std::string>& fields) {
    const auto* rows = rows_of(document);
    auto single = Json::array();
    if (!rows) {
        single.push_back(document);
        rows = &single;
    }
    for (const auto& field : fields)
        if (auto known = check_field(*rows, field); !known)
            return known.error();
    Json kept = Json::object();
    if (document.contains("schema"))
        kept["schema"] = document["schema"];
    if (rows == &single) {
        kept.update(chosen(document, fields));
        return kept;
    }
    kept["data"] = Json::array();
    for (const auto& row : *rows)
        kept["data"].push_back(chosen(row, fields));
    if (document.contains("next_cursor"))
        kept["next_cursor"] = document["next_cursor"];
    return kept;
}

}  // namespace obliv::cli
