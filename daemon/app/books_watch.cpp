#include "daemon/app/books_watch.hpp"

#include "core/base/log.hpp"
#include "daemon/app/notice_desk.hpp"

namespace obliv::daemon {
namespace {

using notices::Severity;

watch::Count as_count(const billing::Counted& counted) {
    return {counted.calls, counted.billed, counted.units};
}

notices::Notice notice_of(std::string kind, Severity severity, std::string title,
                          std::string text) {
    notices::Notice notice;
    notice.kind = std::move(kind);
    notice.severity = severity;
    notice.title = std::move(title);
    notice.text = std::move(text);
    return notice;
}

}  // namespace

watch::Count BooksWatch::Counting::ended() {
    return as_count(books_.ended());
}

watch::Count BooksWatch::Counting::written() {
    return as_count(books_.written());
}

std::optional<watch::Count> BooksWatch::Counting::stored() {
    auto stored = books_.stored();
    if (!stored)
        return std::nullopt;
    return as_count(*stored);
}

void BooksWatch::set(const Settings& settings) {
    std::lock_guard lock(mutex_);
    settings_ = settings;
}

void BooksWatch::tick() {
    Settings settings;
    {
        std::lock_guard lock(mutex_);
        settings = settings_;
    }
    auto now = real_clock().steady();
    if (looked_at_ && now - *looked_at_ < settings.interval)
        return;
    looked_at_ = now;
    look(settings.stop_on_gap);
}

void BooksWatch::look(bool stop_on_gap) {
    auto problem = gap_.look();
    bool before = books_.gap();
    if (!problem.empty()) {
        books_.set_gap(true, stop_on_gap);
        log::write_limited(log::Level::err, "billing_gap", "the books do not agree",
                           {{"why", problem}});
        auto then = stop_on_gap ? ". No paid call is made until they do." : ".";
        if (!before)
            notices_.tell(notice_of("billing.gap", Severity::critical, "the books do not agree",
                                    problem + then));
    } else if (before && gap_.exact()) {
        books_.set_gap(false, false);
        notices_.tell(notice_of("billing.agreed", Severity::info, "the books agree again",
                                "Whatever was missing has come."));
    } else if (before) {
        // What is to be done about it may have been configured otherwise meanwhile.
        books_.set_gap(true, stop_on_gap);
    }
}

}  // namespace obliv::daemon
