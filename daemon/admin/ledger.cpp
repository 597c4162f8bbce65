#include "daemon/admin/handlers.hpp"
#include "daemon/admin/host.hpp"
#include "daemon/admin/render.hpp"
#include "daemon/admin/usage_query.hpp"

#include <map>

namespace obliv::admin {
namespace {

using storage::Entry;
using storage::EntryFilter;
using storage::Session;

struct Entries {
    storage::Page<Entry> page;
    std::map<ChargeId, std::string> request_ids;  ///< of the calls on the page
};

Result<EntryFilter> filter_of(const Request& request, Session& session) {
    EntryFilter filter;
    auto account = account_filter(request, session);
    if (!account)
        return account.error();
    filter.account = *account;
    if (auto request_id = request.query("call")) {
        auto call = session.usage().get(*request_id);
        if (!call) {
            auto error = call.error();
            error.param = "call";
            return error;
        }
        filter.call = call->id;
    }
    return filter;
}

/// The request id of a call: the row behind the one before it.
Result<std::string> request_id_of(Session& session, ChargeId id) {
    storage::PageRequest one;
    one.after = id.value - 1;
    one.limit = 1;
    auto found = session.usage().page({}, one);
    if (!found)
        return found.error();
    bool there = !found->rows.empty() && found->rows.front().id == id;
    return there ? found->rows.front().request_id : std::string();
}

Result<Entries> entries_of(const Request& request, Session& session,
                           const storage::PageRequest& page) {
    auto filter = filter_of(request, session);
    if (!filter)
        return filter.error();
    auto found = session.ledger().entries(*filter, page);
    if (!found)
        return found.error();
    Entries out;
    out.page = *std::move(found);
    for (const auto& entry : out.page.rows) {
        if (!entry.call || out.request_ids.contains(entry.call))
            continue;
        auto request_id = request_id_of(session, entry.call);
        if (!request_id)
            return request_id.error();
        out.request_ids[entry.call] = *std::move(request_id);
    }
    return out;
}

}  // namespace

Result<Reply> list_entries(const Request& request, Host& host) {
    auto page = request.page("entries", true);
    if (!page)
        return page.error();
    auto entries =
        host.database().read([&](Session& session) { return entries_of(request, session, *page); });
    if (!entries)
        return entries.error();
    std::vector<std::string> rows;
    for (const auto& entry : entries->page.rows)
        rows.push_back(entry_json(entry, entry.call ? entries->request_ids[entry.call] : ""));
    return Reply{200, list_json(rows, "entries", entries->page.next)};
}

Result<Reply> verify_ledger(const Request&, Host& host) {
    auto report = host.verify_ledger();
    if (!report)
        return report.error();
    return Reply{200, verification_json(*report)};
}

}  // namespace obliv::admin
