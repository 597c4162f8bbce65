#include "cli/commands/remote.hpp"

#include "core/base/text.hpp"
#include "core/base/time_format.hpp"

#include <nlohmann/json.hpp>

#include <iterator>

namespace obliv::cli {
namespace {

Result<Json> perform(Invocation& run, const std::string& method, const std::string& path,
                     std::string body) {
    auto client = run.client();
    if (!client)
        return client.error();
    client::Request request;
    request.method = method;
    request.url = (*client)->endpoint().management_url("/api/v1" + path);
    request.body = std::move(body);
    // What creates or moves something is not sent twice when the first answer got lost.
    request.repeatable = method != "POST";
    auto response = (*client)->send(request);
    if (!response)
        return response.error();
    if (!response->ok()) {
        auto error = client::error_from(*response);
        // What it names came from the command line: its flags, arguments and filters.
        if (error.code == Code::invalid_request && !error.param.empty())
            error.code = Code::usage;
        if (error.code == Code::unauthenticated && error.hint.empty())
            error.hint = "`obliv login` stores a token for this server";
        return error;
    }
    if (response->body.empty())
        return Json(nullptr);
    auto document = Json::parse(response->body, nullptr, false);
    if (document.is_discarded()) {
        auto error = fail(Code::upstream_failed,
                          "the answer of " + (*client)->endpoint().text + " is not JSON");
        error.hint = "is it an oblivd?";
        return error;
    }
    return document;
}

/// The body without what nobody should read over a shoulder.
Json without_secrets(Json body) {
    if (body.is_object() && body.contains("keys"))
        for (auto& key : body["keys"])
            key = Secret(key.get<std::string>()).hint();
    return body;
}

std::string name_and_id(const Json& object) {
    auto name = object.is_object() ? object.value("name", "") : "";
    auto id = object.is_object() ? object.value("id", "") : "";
    if (name.empty())
        return id;
    return id.empty() ? name : name + " (id " + id + ")";
}

/// What would be changed has to exist, as it would without --dry-run.
Result<void> expect_there(Invocation& run, const std::string& method, const std::string& path) {
    if (method == "PUT")
        return ok();  // makes what is not there
    auto object = path;
    if (method == "POST") {
        // The verb at the end of a path is no object of its own, and a list is always there.
        auto second = path.find('/', 1);
        if (second == std::string::npos)
            return ok();
        object = path.substr(0, path.find('/', second + 1));
    }
    auto there = call(run, "GET", object);
    return there ? ok() : Result<void>(there.error());
}

Result<Json> show_plan(Invocation& run, const std::string& method, const std::string& path,
                       const Json& body) {
    auto plan = plan_of(run, method, path, body);
    if (!plan)
        return plan;
    if (auto shown = run.output.object("obliv.dry_run/1", *plan); !shown)
        return shown.error();
    run.output.note("nothing was changed");
    return Json(nullptr);
}

}  // namespace

Result<Json> call(Invocation& run, const std::string& method, const std::string& path) {
    return perform(run, method, path, {});
}

Result<Json> call(Invocation& run, const std::string& method, const std::string& path,
                  const Json& body) {
    auto text =
        body.is_null() ? std::string() : body.dump(-1, ' ', false, Json::error_handler_t::replace);
    return perform(run, method, path, std::move(text));
}

Result<void> show_list(Invocation& run, const std::string& path, const std::string& schema,
                       const std::vector<Column>& columns) {
    auto page = call(run, "GET", path);
    if (!page)
        return page.error();
    if (!page->is_object() || !page->contains("data") || !(*page)["data"].is_array())
        return fail(Code::upstream_failed, "the answer is no list: is this server an oblivd?");
    auto cursor = page->contains("next_cursor") ? (*page)["next_cursor"] : Json(nullptr);
    return run.output.list(schema, (*page)["data"], cursor, columns);
}

Result<Json> plan_of(Invocation& run, const std::string& method, const std::string& path,
                     const Json& body) {
    if (auto there = expect_there(run, method, path); !there)
        return there.error();
    Json plan{{"dry_run", true}, {"method", method}, {"path", "/api/v1" + path}};
    plan["body"] = without_secrets(body);
    return plan;
}

Result<Json> change(Invocation& run, const std::string& method, const std::string& path,
                    const Json& body, const std::string& noted) {
    if (run.dry_run())
        return show_plan(run, method, path, body);
    auto answer = call(run, method, path, body);
    if (!answer)
        return answer;
    auto line = noted;
    if (auto hole = line.find("{}"); hole != std::string::npos)
        line.replace(hole, 2, name_and_id(*answer));
    if (!line.empty())
        run.output.note(line);
    return answer;
}

Result<void> expect_missing(Invocation& run, const std::string& path, const std::string& what) {
    if (!run.dry_run())
        return ok();
    auto there = call(run, "GET", path);
    if (there)
        return fail(Code::conflict, what + " exists already");
    if (there.error().code == Code::not_found)
        return ok();
    return there.error();
}

Result<Json> time_ahead(std::string_view flag, const std::string& text) {
    auto now = real_clock().wall();
    if (auto span = parse_duration(text))
        return Json(rfc3339(now + *span));
    auto time = parse_rfc3339(text);
    if (time)
        return Json(rfc3339(*time));
    return fail(Code::usage, "--" + std::string(flag) +
                                 ": expected a duration such as 30d or a time such as "
                                 "2027-01-31T00:00:00Z");
}

Result<Json> list_of(const Values& values, const std::string& flag) {
    auto parts = values.list(flag);
    if (parts.empty())
        return fail(Code::usage, "--" + flag + ": expected one or more, separated by commas");
    return Json(parts);
}

Result<Json> pairs_of(const Values& values, const std::string& flag, const std::string& form) {
    Json object = Json::object();
    auto expected = "--" + flag + ": expected " + form + ", got '";
    for (const auto& pair : values.list(flag)) {
        auto equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos || equals + 1 == pair.size())
            return fail(Code::usage, expected.append(visible(pair)).append("'"));
        object[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    return object;
}

std::string encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        bool plain = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

void Query::add(const std::string& name, const std::optional<std::string>& value) {
    if (value)
        text_ += (text_.empty() ? "" : "&") + name + "=" + encoded(*value);
}

std::vector<Flag> list_flags() {
    return {{.name = "limit",
             .value = "N",
             .help = "How many rows at most (1-1000, 50 if not given)",
             .kind = Kind::count},
            {.name = "cursor", .value = "TEXT", .help = "Go on where the page before ended"}};
}

void add_list_flags(const Values& values, Query& query) {
    if (auto limit = values.count("limit"))
        query.add("limit", std::to_string(*limit));
    query.add("cursor", values.text("cursor"));
}

std::vector<Code> remote_errors(const std::vector<Code>& more) {
    std::vector<Code> all{Code::unauthenticated, Code::forbidden, Code::unavailable,
                          Code::rate_limited, Code::timeout};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::vector<Flag> joined(std::vector<Flag> a, const std::vector<Flag>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

void append(std::vector<Command>& verbs, std::vector<Command> more) {
    verbs.insert(verbs.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
}

}  // namespace obliv::cli
