// What files and batches look like: their paths, and the JSON of a provider that says what they
// are.

#include "daemon/relay/objects.hpp"

#include "core/llm/openai_usage.hpp"
#include "core/wire/json.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::relay {
namespace {

using Action = ObjectCall::Action;
using storage::ObjectKind;

constexpr std::size_t id_bytes_max = 128;

/// It becomes part of a path upstream.
bool is_id(std::string_view id) {
    return !id.empty() && id.size() <= id_bytes_max &&
           std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

struct Known {
    ObjectKind kind;
    bool has_id;
    std::string_view suffix;
    std::string_view method;
    Action action;
};
constexpr std::array known{
    Known{ObjectKind::file, false, "", "POST", Action::create},
    Known{ObjectKind::file, false, "", "GET", Action::list},
    Known{ObjectKind::file, true, "", "GET", Action::get},
    Known{ObjectKind::file, true, "", "DELETE", Action::remove},
    Known{ObjectKind::file, true, "/content", "GET", Action::content},
    Known{ObjectKind::batch, false, "", "POST", Action::create},
    Known{ObjectKind::batch, false, "", "GET", Action::list},
    Known{ObjectKind::batch, true, "", "GET", Action::get},
    Known{ObjectKind::batch, true, "/cancel", "POST", Action::cancel},
};

}  // namespace

std::optional<ObjectCall> object_call(std::string_view method, std::string_view path) {
    constexpr std::string_view files = "/v1/files";
    constexpr std::string_view batches = "/v1/batches";
    ObjectCall call;
    if (path.starts_with(batches))
        call.kind = ObjectKind::batch;
    else if (!path.starts_with(files))
        return std::nullopt;
    path.remove_prefix(call.kind == ObjectKind::file ? files.size() : batches.size());
    std::string_view suffix;
    if (!path.empty()) {
        auto slash = std::min(path.find('/', 1), path.size());
        suffix = path.substr(slash);
        call.id = std::string(path.substr(1, slash - 1));
        if (!path.starts_with('/') || !is_id(call.id))
            return std::nullopt;
    }
    bool found = false;
    for (const auto& each : known) {
        if (each.kind != call.kind || each.has_id == call.id.empty() || each.suffix != suffix)
            continue;
        found = true;
        if (each.method == method)
            call.action = each.action;
    }
    return found ? std::optional(std::move(call)) : std::nullopt;
}

std::string object_methods(std::string_view path) {
    std::string out;
    for (std::string_view method : {"GET", "POST", "DELETE"})
        if (auto call = object_call(method, path); call && call->action)
            out.append(out.empty() ? "" : ", ").append(method);
    return out;
}

Result<ObjectFacts> read_object(std::string_view json) {
    auto object = wire::parse_json(json);
    ObjectFacts facts;
    if (object)
        facts.id = wire::string_in(*object, "id");
    if (!is_id(facts.id))
        return fail(Code::upstream_failed, "the provider's answer is no object with an id");
    facts.purpose = wire::string_in(*object, "purpose");
    facts.model = wire::string_in(*object, "model");
    for (std::string_view name : {"output_file_id", "error_file_id"})
        if (auto id = wire::string_in(*object, name); is_id(id))
            facts.results.push_back(id);
    auto status = wire::string_in(*object, "status");
    facts.ended =
        status == "completed" || status == "failed" || status == "expired" || status == "cancelled";
    if (const auto* usage = wire::member(*object, "usage"))
        facts.usage = llm::parse_media_usage(wire::json_text(*usage));
    return facts;
}

Result<std::string> input_file_of(std::string_view body) {
    auto object = wire::parse_json(body);
    if (!object)
        return object.error();
    auto id = wire::string_in(*object, "input_file_id");
    if (is_id(id))
        return id;
    auto error = fail(Code::invalid_request, "'input_file_id' must be the id of a file");
    error.param = "input_file_id";
    return error;
}

std::string object_list(const std::vector<storage::StoredObject>& rows, std::string_view purpose,
                        bool more) {
    std::string data;
    std::string_view first;
    std::string_view last;
    for (const auto& row : rows) {
        if (!purpose.empty()) {
            auto facts = read_object(row.json);
            if (!facts || facts->purpose != purpose)
                continue;
        }
        data.append(data.empty() ? "" : ",").append(row.json);
        first = first.empty() ? std::string_view(row.id) : first;
        last = row.id;
    }
    auto id_or_null = [](std::string_view id) {
        return id.empty() ? std::string("null") : "\"" + std::string(id) + "\"";
    };
    return "{\"object\":\"list\",\"data\":[" + data + "],\"first_id\":" + id_or_null(first) +
           ",\"last_id\":" + id_or_null(last) + ",\"has_more\":" + (more ? "true" : "false") + "}";
}

}  // namespace obliv::relay
