#include "daemon/gate/gate.hpp"

#include "core/base/digest.hpp"

namespace obliv::gate {
namespace {

// A place among concurrent calls frees when another call ends; nobody knows when.
constexpr auto concurrency_retry = std::chrono::milliseconds(1000);

Error too_many_at_once(int most) {
    auto error = fail(Code::rate_limited,
                      "more than " + std::to_string(most) + " calls at once with this API key");
    error.retry_after = concurrency_retry;
    return error;
}

Error too_many_a_minute(int most, std::chrono::milliseconds wait) {
    auto error = fail(Code::rate_limited,
                      "more than " + std::to_string(most) + " requests a minute with this API key");
    error.retry_after = wait;
    return error;
}

}  // namespace

/// Only keys that are known are kept: nobody pushes them out with guesses.
Caller Gate::find(std::string_view key) const {
    constexpr std::size_t spread = 31;
    auto last = static_cast<unsigned char>(key.back());
    auto first = static_cast<unsigned char>(key[key.size() / 2]);
    auto& recent = recent_[(last * spread + first) % recent_max];
    if (recent.caller && equal_in_constant_time(recent.key.reveal(), key))
        return recent.caller;
    auto entry = tokens_->find(sha256(key));
    if (entry)
        recent = {Secret(std::string(key)), entry};
    return entry;
}

Result<Caller> Gate::authenticate(std::string_view key) const {
    if (key.empty())
        return fail(Code::unauthenticated,
                    "no API key was given: send it as 'Authorization: Bearer sk-…'");
    auto entry = find(key);
    if (!entry)
        return fail(Code::unauthenticated, "the API key is not known here");
    if (entry->token.revoked_at)
        return fail(Code::unauthenticated, "the API key was revoked");
    if (entry->token.expires_at && *entry->token.expires_at <= clock_.wall())
        return fail(Code::unauthenticated, "the API key has expired");
    return entry;
}

Result<Permit> Gate::limit(const Caller& caller, std::string_view model) const {
    if (!caller->may_call(model)) {
        auto error = fail(Code::forbidden,
                          "this API key may not call the model '" + std::string(model) + "'");
        error.param = "model";
        return error;
    }
    auto at_once = caller->concurrent_max();
    if (!caller->limits->enter(at_once))
        return too_many_at_once(at_once);
    Permit permit(caller->limits);
    auto a_minute = caller->requests_per_minute();
    if (auto wait = caller->limits->refuse_request(clock_.steady(), a_minute))
        return too_many_a_minute(a_minute, *wait);
    return permit;
}

Result<void> Gate::check(const Caller& caller) const {
    auto at_once = caller->concurrent_max();
    if (at_once > 0 && caller->limits->in_flight() >= at_once)
        return too_many_at_once(at_once);
    auto a_minute = caller->requests_per_minute();
    if (auto wait = caller->limits->would_refuse(clock_.steady(), a_minute))
        return too_many_a_minute(a_minute, *wait);
    return ok();
}

}  // namespace obliv::gate
