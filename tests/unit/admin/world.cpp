#include "tests/unit/admin/world.hpp"

#include "core/ledger/redeem_text.hpp"

#include "core/base/text.hpp"
#include "daemon/admin/routes.hpp"

namespace obliv::test {
namespace {

using storage::Session;

/// Fits a path to a route as people read it: `{x}` stands for one segment.
bool looks_like(const std::string& path, std::string_view route) {
    auto given = split(path, '/');
    auto wanted = split(route, '/');
    if (given.size() != wanted.size())
        return false;
    for (std::size_t i = 0; i < given.size(); ++i)
        if (!wanted[i].starts_with('{') && wanted[i] != given[i])
            return false;
    return true;
}

const api::Operation* operation_of(const std::string& method, const std::string& path) {
    for (const auto& route : admin::routes())
        if (route.operation.method == method && looks_like(path, route.operation.path))
            return &route.operation;
    return nullptr;
}

void check_promise(const api::Operation& operation, const World::Answer& answer) {
    INFO(operation.method << " " << operation.path << " answered " << answer.text);
    CHECK(answer.status == operation.status);
    if (operation.answer == api::Answer::none) {
        CHECK(answer.text.empty());
        return;
    }
    if (operation.reply.empty())
        return;
    auto conforms = [&](const std::string& text) {
        auto good = api::conforms(text, api::schema(operation.reply));
        INFO((good ? "" : good.error().message));
        CHECK(good);
    };
    if (operation.answer == api::Answer::object)
        return conforms(answer.text);
    REQUIRE(answer.body.size() == 2);
    CHECK((answer["next_cursor"].is_null() || answer["next_cursor"].is_string()));
    for (const auto& row : answer["data"])
        conforms(row.dump());
}

}  // namespace

FakeHost::FakeHost()
    : tokenizers_(must(tokenizer::Tokenizers::open(OBLIV_VOCABULARIES))),
      table_(channels::ChannelTable::build({}, nullptr)) {
    storage::Options options;
    options.path = folder_.file("oblivd.db");
    options.clock = &clock_;
    database_ = must(storage::Database::open(options));
}

Result<void> FakeHost::published(std::string what) {
    publications.push_back(std::move(what));
    if (publish_error)
        return *publish_error;
    return ok();
}

Result<void> FakeHost::publish_channels() {
    auto table = database_->read(
        [&](Session& session) { return channels::ChannelTable::load(session, table_.get()); });
    if (!table)
        return table.error();
    table_ = *table;
    return published("channels");
}

Result<admin::ChannelTest> FakeHost::test_channel(const channels::Entry& channel,
                                                  std::string_view upstream_model) {
    tested = channel.channel.name + " " + std::string(upstream_model);
    admin::ChannelTest test;
    test.ok = true;
    test.status = 200;
    test.latency = std::chrono::microseconds(12'500);
    test.reply = "pong";
    return test;
}

std::optional<ledger::BalanceFigures> FakeHost::account_figures(AccountId account) {
    auto row = database_->read([&](Session& session) { return session.accounts().get(account); });
    if (!row || row->kind == storage::AccountKind::system)
        return std::nullopt;
    ledger::BalanceFigures figures;
    figures.granted = row->balance;
    figures.available = row->balance - Money::dollars(1);
    figures.held = Money::dollars(1);
    return figures;
}

std::optional<ledger::BalanceFigures> FakeHost::token_figures(TokenId) {
    ledger::BalanceFigures figures;
    figures.spent = Money::nanos(1'250'000'000);
    return figures;
}

Result<storage::Transfer> FakeHost::topup(AccountId account, Money amount, std::string operation_id,
                                          std::string reason, std::optional<WallTime> expires_at) {
    return move(storage::funding_account, account, amount, ledger::TransferKind::topup,
                std::move(operation_id), std::move(reason), expires_at);
}

Result<storage::Transfer> FakeHost::transfer(AccountId source, AccountId target, Money amount,
                                             std::string operation_id, std::string reason) {
    return move(source, target, amount, ledger::TransferKind::transfer, std::move(operation_id),
                std::move(reason));
}

Result<storage::Transfer> FakeHost::redeem(std::string_view code, AccountId account,
                                           TokenId token) {
    auto row = database_->read([&](Session& session) {
        return session.redeem_codes().find(sha256(ledger::plain_redeem_code(code).value_or("")));
    });
    if (!row)
        return row.error();
    auto used = database_->write([&](Session& session) {
        return session.redeem_codes().use(row->id, clock_.wall(), account, token);
    });
    if (!used)
        return used.error();
    return move(storage::funding_account, account, row->amount, ledger::TransferKind::topup,
                "redeem-" + std::to_string(row->id), "");
}

Result<std::vector<ledger::Lot>> FakeHost::lots(AccountId account) {
    return database_->read([&](Session& session) { return session.ledger().lots(account); });
}

Result<storage::Transfer> FakeHost::adjust(AccountId account, Money amount,
                                           std::string operation_id, std::string reason) {
    if (amount < Money{})
        return move(account, storage::funding_account, -amount, ledger::TransferKind::adjust,
                    std::move(operation_id), std::move(reason));
    return move(storage::funding_account, account, amount, ledger::TransferKind::adjust,
                std::move(operation_id), std::move(reason));
}

Result<storage::Transfer> FakeHost::move(AccountId source, AccountId target, Money amount,
                                         ledger::TransferKind kind, std::string operation_id,
                                         std::string reason, std::optional<WallTime> expires_at) {
    return database_->write([&](Session& session) -> Result<storage::Transfer> {
        auto newest = session.ledger().newest_id();
        if (!newest)
            return newest.error();
        storage::Transfer transfer;
        transfer.id = *newest + 1;
        transfer.time = clock_.wall();
        transfer.source = source;
        transfer.target = target;
        transfer.amount = amount;
        transfer.kind = kind;
        transfer.reason = reason;
        transfer.operation_id = operation_id;
        transfer.expires_at = expires_at;
        transfer.expiring = amount;
        return session.ledger().transfer(transfer);
    });
}

Result<storage::LedgerReport> FakeHost::verify_ledger() {
    return database_->read([](Session& session) { return session.ledger().verify(); });
}

admin::Status FakeHost::status() {
    admin::Status status;
    status.version = "1.2.3";
    status.started_at = clock_.wall();
    status.uptime = std::chrono::seconds(5);
    status.requests_in_flight = 3;
    status.commit_lag = std::chrono::microseconds(1500);
    status.ready = true;
    return status;
}

admin::Caller World::local_caller() {
    admin::Caller caller;
    caller.local = true;
    return caller;
}

admin::Caller World::token_caller(storage::TokenRole role) {
    auto entry = std::make_shared<gate::TokenEntry>();
    entry->token.id = TokenId{77};
    entry->token.name = "caller";
    entry->token.hint = "sk-…wxyz";
    entry->token.account = storage::admin_account;
    entry->token.role = role;
    admin::Caller caller;
    caller.token = entry;
    return caller;
}

World::Answer World::call(const std::string& method, const std::string& target,
                          const std::string& body) {
    admin::Incoming incoming;
    incoming.method = method;
    incoming.path = target.substr(0, target.find('?'));
    if (auto mark = target.find('?'); mark != std::string::npos)
        incoming.query = target.substr(mark + 1);
    incoming.body = body;
    incoming.request_id = "req-1";
    incoming.caller = caller;
    auto reply = admin::dispatch(incoming, host);
    Answer answer;
    answer.status = reply.status;
    answer.text = reply.body;
    if (!reply.body.empty()) {
        answer.body = Json::parse(reply.body, nullptr, false);
        REQUIRE(answer.body.is_object());
    }
    if (reply.status >= 400) {
        CHECK(api::conforms(reply.body, api::schema("Error")));
        CHECK(answer["error"]["request_id"] == "req-1");
    } else if (const auto* operation = operation_of(method, incoming.path)) {
        check_promise(*operation, answer);
    }
    return answer;
}

World::Answer World::good(const std::string& method, const std::string& target,
                          const std::string& body, int status) {
    auto answer = call(method, target, body);
    INFO(method << " " << target << " " << body << " answered " << answer.text);
    REQUIRE(answer.status == status);
    return answer;
}

World::Answer World::bad(const std::string& method, const std::string& target,
                         const std::string& body, const std::string& code) {
    auto before = host.publications.size();
    auto answer = call(method, target, body);
    INFO(method << " " << target << " " << body.substr(0, 200) << " answered " << answer.text);
    REQUIRE(answer.status >= 400);
    CHECK(answer.code() == code);
    CHECK_FALSE(answer.message().empty());
    CHECK(host.publications.size() == before);
    return answer;
}

std::vector<std::string> World::walk(const std::string& path, const std::string& field, int limit) {
    std::vector<std::string> seen;
    auto target =
        path + (path.find('?') == std::string::npos ? "?" : "&") + "limit=" + std::to_string(limit);
    std::string cursor;
    while (true) {
        auto page = good("GET", target + (cursor.empty() ? "" : "&cursor=" + cursor));
        CHECK(page["data"].size() <= static_cast<std::size_t>(limit));
        for (const auto& row : page["data"])
            seen.push_back(row.at(field));
        if (page["next_cursor"].is_null())
            return seen;
        REQUIRE(cursor != page["next_cursor"].get<std::string>());
        cursor = page["next_cursor"];
    }
}

}  // namespace obliv::test
