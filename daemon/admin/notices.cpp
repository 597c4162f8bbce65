#include "core/base/time_format.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"

#include <nlohmann/json.hpp>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;

std::string notice_json(const storage::NoticeRow& row) {
    return Json{{"id", row.key},
                {"time", rfc3339(row.time)},
                {"kind", row.kind},
                {"severity", row.severity},
                {"subject", row.subject.empty() ? Json() : Json(row.subject)},
                {"title", row.title},
                {"text", row.text}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<Reply> list_notices(const Request& request, Host& host) {
    auto page = request.page("notices", true);
    if (!page)
        return page.error();
    auto kind = request.query("kind").value_or("");
    auto found = host.database().read(
        [&](storage::Session& session) { return session.notices().page(kind, *page); });
    if (!found)
        return found.error();
    std::vector<std::string> rows;
    for (const auto& row : found->rows)
        rows.push_back(notice_json(row));
    return Reply{200, list_json(rows, "notices", found->next)};
}

Result<Reply> test_notices(const Request&, Host& host) {
    auto tests = host.test_notices();
    if (tests.empty())
        return fail(Code::conflict, "no receiver of notices is set up: see [notices] of the "
                                    "configuration");
    std::vector<std::string> rows;
    for (const auto& test : tests)
        rows.push_back(Json{{"receiver", test.receiver},
                            {"ok", test.error.empty()},
                            {"error", test.error.empty() ? Json() : Json(test.error)}}
                           .dump(-1, ' ', false, Json::error_handler_t::replace));
    return Reply{200, list_json(rows, "")};
}

}  // namespace obliv::admin
