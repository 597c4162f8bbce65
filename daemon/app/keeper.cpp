#include "daemon/app/keeper.hpp"

#include "core/base/log.hpp"
#include "daemon/app/capture.hpp"
#include "daemon/app/notice_desk.hpp"
#include "daemon/app/reconciler.hpp"

#include <algorithm>

namespace obliv::daemon {
namespace {

using notices::Severity;

// Calls are stored in between.
constexpr std::int64_t rows_of_step = 2000;
constexpr int steps_of_tick = 10;
constexpr auto retire_interval = std::chrono::hours(1);
constexpr auto sweep_interval = std::chrono::minutes(1);
constexpr std::size_t lines_max = 20;

std::string first_lines(const std::vector<std::string>& lines) {
    std::string out;
    for (std::size_t i = 0; i < std::min(lines.size(), lines_max); ++i)
        out.append(out.empty() ? "" : "\n").append(lines[i]);
    if (lines.size() > lines_max)
        out += "\nand " + std::to_string(lines.size() - lines_max) + " more";
    return out;
}

}  // namespace

Keeper::Keeper(const Parts& parts, Settings settings)
    : parts_(parts), settings_(std::move(settings)) {}

void Keeper::set(Settings settings) {
    std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
}

Result<void> Keeper::tick() {
    Settings settings;
    {
        std::lock_guard lock(mutex_);
        settings = settings_;
    }
    auto now = real_clock().wall();
    verify_at_.set(settings.verify_at, now);
    if (verify_at_.due(now))
        verify();
    reconcile_at_.set(settings.reconcile_at, now);
    if (reconcile_at_.due(now))
        reconcile(settings.reconcile_folder);
    auto retired = retire(settings.months_kept);
    auto swept = sweep();
    return retired ? swept : retired;
}

Result<void> Keeper::retire(int months_kept) {
    auto now = real_clock().steady();
    if (months_kept == 0 || (retire_at_ && now < *retire_at_))
        return ok();
    auto before = watch::begin_of_month(real_clock().wall(), months_kept);
    for (int i = 0; i < steps_of_tick; ++i) {
        auto step = parts_.database.write([&](storage::Session& session) {
            return session.usage().retire(before, rows_of_step);
        });
        if (!step)
            return step.error();
        retired_rows_ += step->rows;
        if (step->more)
            continue;
        retire_at_ = now + retire_interval;
        if (retired_rows_ > 0)
            log::write(log::Level::notice, "usage rows of old months have been removed",
                       {{"rows", retired_rows_}});
        retired_rows_ = 0;
        break;
    }
    return ok();
}

Result<void> Keeper::sweep() {
    auto now = real_clock().steady();
    if (sweep_at_ && now < *sweep_at_)
        return ok();
    sweep_at_ = now + sweep_interval;
    return parts_.captures.sweep();
}

void Keeper::verify() {
    notices::Notice notice;
    notice.kind = "billing.verified";
    notice.severity = Severity::critical;
    auto report = parts_.books.verify();
    if (!report) {
        notice.title = "the books could not be proved";
        notice.text = report.error().message;
    } else if (!report->ok()) {
        notice.title = "the books are wrong";
        notice.text = first_lines(report->problems);
    } else {
        notice.severity = Severity::info;
        notice.title = "the books are proved: " + std::to_string(report->charges) + " charges, " +
                       std::to_string(report->transfers) + " transfers, " +
                       std::to_string(report->accounts) + " accounts";
        notice.text = "Everything agrees.";
    }
    parts_.notices.tell(std::move(notice));
}

void Keeper::reconcile(const std::string& folder) {
    for (const auto& result : reconcile_folder(folder, parts_.database, parts_.publisher)) {
        notices::Notice notice;
        notice.kind = "billing.reconciled";
        notice.severity = Severity::warning;
        if (!result.error.empty()) {
            notice.title = result.file + ": could not be read";
            notice.text = result.error;
        } else if (!result.differences.empty()) {
            notice.title = result.file + ": differs from the books";
            notice.text = first_lines(result.differences);
        } else {
            notice.severity = Severity::info;
            notice.title = result.file + ": agrees with the books";
            notice.text = "Every day and model agrees.";
        }
        parts_.notices.tell(std::move(notice));
    }
}

}  // namespace obliv::daemon
