// Every bill, computed again from its row and the version of the price that the row names.

#include "core/base/time_format.hpp"
#include "core/llm/price.hpp"
#include "daemon/admin/price_handlers.hpp"
#include "daemon/admin/render.hpp"
#include "daemon/admin/usage_query.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace obliv::admin {
namespace {

using storage::Call;
using storage::Session;

constexpr std::size_t differences_max = 100;
constexpr int rows_at_once = 1000;

// Wide, so that damaged figures are reported instead of overflowing.
using Wide = __int128;

std::string wide_text(Wide sum) {
    bool fits = sum <= Wide{INT64_MAX} && sum >= Wide{INT64_MIN};
    return (fits ? Money::nanos(static_cast<std::int64_t>(sum)) : Money::max()).text();
}

bool negative(const llm::Usage& usage) {
    for (auto member : llm::usage_members)
        if (usage.*member < 0)
            return true;
    return false;
}

class Audit {
public:
    explicit Audit(Session& session) : session_(session) {}

    Result<void> run(const storage::UsageFilter& filter) {
        storage::PageRequest request{0, rows_at_once, false};
        for (;;) {
            auto page = session_.usage().page(filter, request);
            if (!page)
                return page.error();
            for (const auto& call : page->rows)
                if (auto judged = judge(call); !judged)
                    return judged;
            if (!page->next)
                return ok();
            request.after = *page->next;
        }
    }

    std::string json() const {
        return "{\"calls\":" + std::to_string(calls_) +
               ",\"unpriced\":" + std::to_string(unpriced_) +
               ",\"differing\":" + std::to_string(differing_) + ",\"charged\":\"" +
               wide_text(charged_) + "\",\"recomputed\":\"" + wide_text(recomputed_) +
               "\",\"differences\":" + joined(differences_) + "}";
    }

private:
    /// Null: there is no such version.
    Result<const llm::Price*> price_of(PriceId id) {
        auto known = prices_.find(id.value);
        if (known == prices_.end()) {
            auto row = session_.prices().get(id);
            if (!row && row.error().code != Code::not_found)
                return row.error();
            auto price = row ? std::optional(row->price) : std::nullopt;
            known = prices_.emplace(id.value, std::move(price)).first;
        }
        return known->second ? &*known->second : nullptr;
    }

    /// What the call costs by its row; nothing: that cannot be told.
    Result<std::optional<Money>> due_of(const Call& call) {
        if (!call.price)
            return std::optional(Money{});
        auto price = price_of(call.price);
        if (!price)
            return price.error();
        if (*price == nullptr || negative(call.usage) || call.share < 0)
            return std::optional<Money>{};
        return std::optional(llm::due_for(**price, call.usage, call.source, call.share));
    }

    Result<void> judge(const Call& call) {
        auto due = due_of(call);
        if (!due)
            return due.error();
        ++calls_;
        unpriced_ += call.price ? 0 : 1;
        auto booked = Wide{call.cost.nanos()} + Wide{call.loss.nanos()};
        // Rows of earlier releases do not tell which part of the price an answer from the cache
        // cost.
        bool again = call.source == llm::UsageSource::cache && call.share == llm::whole_share;
        bool same = *due && (booked == (*due)->nanos() || (again && booked < (*due)->nanos()));
        charged_ += booked;
        recomputed_ += same || !*due ? booked : Wide{(*due)->nanos()};
        if (!same)
            differs(call, booked, *due);
        return ok();
    }

    void differs(const Call& call, Wide booked, std::optional<Money> due) {
        if (++differing_ > static_cast<std::int64_t>(differences_max))
            return;
        auto version = call.price ? "\"" + call.price.text() + "\"" : std::string("null");
        differences_.push_back(
            "{\"request_id\":" + text_json(call.request_id) + ",\"time\":\"" + rfc3339(call.time) +
            "\",\"model\":" + text_json(call.model) + ",\"price_version\":" + version +
            ",\"price_share\":\"" + share_text(call.share) + "\",\"charged\":\"" +
            wide_text(booked) +
            "\",\"recomputed\":" + (due ? "\"" + due->text() + "\"" : std::string("null")) + "}");
    }

    Session& session_;
    std::map<std::int64_t, std::optional<llm::Price>> prices_;
    std::int64_t calls_ = 0;
    std::int64_t unpriced_ = 0;
    std::int64_t differing_ = 0;
    Wide charged_ = 0;
    Wide recomputed_ = 0;
    std::vector<std::string> differences_;
};

}  // namespace

Result<Reply> recompute_usage(const Request& request, Host& host) {
    auto now = host.clock().wall();
    // One snapshot: what ends meanwhile is not looked at.
    auto body = host.database().read([&](Session& session) -> Result<std::string> {
        auto filter = usage_filter(request, session, now);
        if (!filter)
            return filter.error();
        Audit audit(session);
        if (auto done = audit.run(*filter); !done)
            return done.error();
        return audit.json();
    });
    if (!body)
        return body.error();
    return Reply{200, *std::move(body)};
}

}  // namespace obliv::admin
