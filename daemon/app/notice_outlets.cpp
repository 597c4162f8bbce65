#include "core/base/text.hpp"
#include "daemon/app/notice_desk.hpp"
#include "daemon/fetch/fetch.hpp"
#include "daemon/notices/formats.hpp"

namespace obliv::daemon {
namespace {

using notices::Notice;
using notices::Outlet;

Result<fetch::Reply> accepted(Result<fetch::Reply> reply) {
    if (reply && (reply->status < 200 || reply->status >= 300))
        return fail(Code::unavailable, "it answered with status " + std::to_string(reply->status));
    return reply;
}

Result<void> to_webhook(const config::Notices& config, const Notice& notice) {
    fetch::Post post;
    post.url = std::string(config.webhook.reveal());
    post.body = notices::webhook_body(notice);
    post.headers.emplace_back("x-oblivious-notice", notice.id);
    if (!config.webhook_secret.empty())
        post.headers.emplace_back(
            "x-oblivious-signature",
            notices::webhook_signature(config.webhook_secret, real_clock().wall(), post.body));
    auto reply = accepted(fetch::post(post));
    return reply ? ok() : Result<void>(reply.error());
}

Result<void> to_slack(const config::Notices& config, const Notice& notice) {
    fetch::Post post;
    post.url = std::string(config.slack.reveal());
    post.body = notices::slack_body(notice);
    auto reply = accepted(fetch::post(post));
    return reply ? ok() : Result<void>(reply.error());
}

Result<void> to_dingtalk(const config::Notices& config, const Notice& notice) {
    fetch::Post post;
    post.url = std::string(config.dingtalk.reveal());
    if (!config.dingtalk_secret.empty())
        post.url += notices::dingtalk_query(config.dingtalk_secret, real_clock().wall());
    post.body = notices::dingtalk_body(notice);
    auto reply = accepted(fetch::post(post));
    if (!reply)
        return reply.error();
    if (auto problem = notices::dingtalk_problem(reply->body); !problem.empty())
        return fail(Code::unavailable, problem);
    return ok();
}

Result<void> to_mail(const config::Notices& config, const Notice& notice) {
    fetch::Mail mail;
    mail.server = config.smtp;
    mail.user = config.smtp_user;
    mail.password = config.smtp_password;
    mail.from = config.mail_from;
    for (auto each : split(config.mail_to, ','))
        mail.to.emplace_back(trim(each));
    mail.message = notices::mail_text(notice, mail.from, mail.to);
    return fetch::send(mail);
}

}  // namespace

std::vector<std::unique_ptr<Outlet>> make_outlets(const config::Notices& config) {
    std::vector<std::unique_ptr<Outlet>> out;
    notices::Patience patience;
    patience.attempts = static_cast<int>(config.attempts);
    patience.pause_first = config.retry_pause;
    patience.waiting_max = static_cast<std::size_t>(config.queue);
    auto add = [&](bool wanted, const char* name,
                   Result<void> (*deliver)(const config::Notices&, const Notice&)) {
        if (wanted)
            out.push_back(std::make_unique<Outlet>(
                name, [config, deliver](const Notice& notice) { return deliver(config, notice); },
                patience));
    };
    add(!config.webhook.empty(), "webhook", to_webhook);
    add(!config.slack.empty(), "slack", to_slack);
    add(!config.dingtalk.empty(), "dingtalk", to_dingtalk);
    add(!config.smtp.empty(), "mail", to_mail);
    return out;
}

}  // namespace obliv::daemon
