#include "core/base/time_format.hpp"
#include "core/base/time_zone.hpp"
#include "core/ledger/period.hpp"
#include "daemon/admin/find.hpp"
#include "daemon/admin/handlers.hpp"
#include "daemon/admin/render.hpp"

#include <nlohmann/json.hpp>

namespace obliv::admin {
namespace {

using Json = nlohmann::ordered_json;
using storage::Session;

struct Month {
    std::string name;
    ledger::Period when;
};

Error bad_month() {
    auto error = fail(Code::invalid_request, "month: expected a month such as 2026-10");
    error.param = "month";
    return error;
}

/// By the clocks of the account.
Result<Month> month_of(const Request& request, const storage::Account& account) {
    Month month{request.query("month").value_or(""), {}};
    bool shaped = month.name.size() == 7 && month.name[4] == '-';
    auto year = shaped ? parse_int(month.name.substr(0, 4)) : std::nullopt;
    auto number = shaped ? parse_int(month.name.substr(5)) : std::nullopt;
    if (!year || !number || *year < 2000 || *year > 2200 || *number < 1 || *number > 12)
        return bad_month();
    auto zone = TimeZone::open(account.time_zone);
    if (!zone)
        return zone.error();
    auto first = std::chrono::year(static_cast<int>(*year)) /
                 std::chrono::month(static_cast<unsigned>(*number)) / 1;
    month.when = ledger::period_of(ledger::PeriodKind::month, *zone, zone->start_of(first));
    return month;
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string line_json(const storage::StatementLine& line) {
    return dumped(Json{{"id", std::to_string(line.id)},
                       {"time", rfc3339(line.time)},
                       {"kind", ledger::name_of(line.kind)},
                       {"amount", line.amount.text()},
                       {"call", text_or_null(line.request_id)},
                       {"model", text_or_null(line.model)},
                       {"reason", text_or_null(line.reason)}});
}

Result<storage::Account> account_of(const Request& request, Host& host) {
    auto account = host.database().read(
        [&](Session& session) { return find_account(session, request.param("id")); });
    if (account && account->kind == storage::AccountKind::system)
        return fail(Code::forbidden, "the account '" + account->name +
                                         "' belongs to the books; `obliv ledger show` lists it");
    return account;
}

}  // namespace

Result<Reply> show_statement(const Request& request, Host& host) {
    auto account = account_of(request, host);
    if (!account)
        return account.error();
    auto month = month_of(request, *account);
    if (!month)
        return month.error();
    auto sums = host.database().read([&](Session& session) {
        return session.ledger().statement(account->id, month->when.begin, month->when.end);
    });
    if (!sums)
        return sums.error();
    return Reply{200, dumped(Json{{"account_id", account->id.text()},
                                  {"account", account->name},
                                  {"month", month->name},
                                  {"time_zone", account->time_zone},
                                  {"since", rfc3339(month->when.begin)},
                                  {"until", rfc3339(month->when.end)},
                                  {"opening", sums->opening.text()},
                                  {"in", sums->in.text()},
                                  {"out", sums->out.text()},
                                  {"charged", sums->charged.text()},
                                  {"closing", sums->closing.text()},
                                  {"calls", sums->calls},
                                  {"transfers", sums->transfers}})};
}

Result<Reply> list_statement_lines(const Request& request, Host& host) {
    auto page = request.page("statement");
    if (!page)
        return page.error();
    auto account = account_of(request, host);
    if (!account)
        return account.error();
    auto month = month_of(request, *account);
    if (!month)
        return month.error();
    auto lines = host.database().read([&](Session& session) {
        return session.ledger().statement_lines(account->id, month->when.begin, month->when.end,
                                                *page);
    });
    if (!lines)
        return lines.error();
    std::vector<std::string> rows;
    for (const auto& line : lines->rows)
        rows.push_back(line_json(line));
    return Reply{200, list_json(rows, "statement", lines->next)};
}

}  // namespace obliv::admin
