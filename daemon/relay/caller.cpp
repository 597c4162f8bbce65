#include "daemon/relay/relay.hpp"

namespace obliv::relay {
namespace {

constexpr std::size_t user_agent_bytes_max = 96;

}  // namespace

void describe_caller(Record& record, const server::Exchange& exchange, const storage::Token& token,
                     WallTime now) {
    auto& call = record.call;
    // Who makes a call once has noted when it came.
    if (call.time == WallTime{})
        call.time = now;
    call.tenant = token.tenant;
    call.account = token.account;
    call.user = token.user;
    call.token = token.id;
    if (auto agent = exchange.request().headers.find("user-agent"))
        call.user_agent = std::string(agent->substr(0, user_agent_bytes_max));
    record.token = token.name;
}

storage::Call row_of(const Record& record, const server::Exchange& exchange) {
    storage::Call row;
    static_cast<storage::CallFacts&>(row) = record.call;
    row.request_id = exchange.request_id();
    row.client = exchange.peer().address;
    return row;
}

}  // namespace obliv::relay
