#include "daemon/admin/handlers.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/admin/render.hpp"

namespace obliv::admin {
namespace {

constexpr int captures_max = 20;

}  // namespace

/// What people said is not for everybody who may manage.
Result<Reply> list_captures(const Request& request, Host& host) {
    const auto& caller = request.caller();
    if (!caller.local && !host.may_read_captures(caller.token->token.id)) {
        auto error = fail(Code::forbidden, "this token may not read what was said in calls");
        error.hint = "capture.readers of the configuration names those that may, by their ids";
        return error;
    }
    auto found = host.database().read([&](storage::Session& session) {
        return session.captures().find(request.param("request_id"), captures_max);
    });
    if (!found)
        return found.error();
    std::vector<std::string> rows;
    for (const auto& capture : *found)
        rows.push_back(capture_json(capture));
    return Reply{200, list_json(rows, "")};
}

}  // namespace obliv::admin
