#include "daemon/fetch/fetch.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace obliv::fetch {
namespace {

constexpr std::size_t reply_bytes_max = 64U << 10;

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void append(List& list, const std::string& line) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr)
        return;
    (void)list.release();
    list.reset(longer);
}

/// What is beyond the limit is read and forgotten.
std::size_t keep_body(char* data, std::size_t, std::size_t size, void* context) {
    auto& body = *static_cast<std::string*>(context);
    body.append(data, std::min(size, reply_bytes_max - std::min(body.size(), reply_bytes_max)));
    return size;
}

std::size_t give_message(char* into, std::size_t size, std::size_t count, void* context) {
    auto& left = *static_cast<std::string_view*>(context);
    auto length = std::min(size * count, left.size());
    std::memcpy(into, left.data(), length);
    left.remove_prefix(length);
    return length;
}

Easy new_easy(std::chrono::milliseconds timeout) {
    Easy easy(curl_easy_init(), &curl_easy_cleanup);
    if (!easy)
        return easy;
    curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, keep_body);
    return easy;
}

/// curl's words name at most a host.
Error failure(CURLcode code) {
    return fail(code == CURLE_OPERATION_TIMEDOUT ? Code::timeout : Code::unavailable,
                curl_easy_strerror(code));
}

bool is_loopback(std::string_view url) {
    auto host = url.substr(std::min(url.find("://") + 3, url.size()));
    return host.starts_with("127.") || host.starts_with("[::1]") || host.starts_with("localhost");
}

}  // namespace

Result<Reply> post(const Post& post) {
    auto easy = new_easy(post.timeout);
    if (!easy)
        return fail(Code::internal, "libcurl does not start");
    List headers(nullptr, &curl_slist_free_all);
    append(headers, "Content-Type: " + post.content_type);
    append(headers, "Expect:");
    for (const auto& [name, value] : post.headers)
        append(headers, name + ": " + value);
    Reply reply;
    curl_easy_setopt(easy.get(), CURLOPT_URL, post.url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(post.body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, post.body.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &reply.body);
    if (auto done = curl_easy_perform(easy.get()); done != CURLE_OK)
        return failure(done);
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    return reply;
}

Result<void> send(const Mail& mail) {
    auto easy = new_easy(mail.timeout);
    if (!easy)
        return fail(Code::internal, "libcurl does not start");
    List to(nullptr, &curl_slist_free_all);
    for (const auto& each : mail.to)
        append(to, "<" + each + ">");
    auto from = "<" + mail.from + ">";
    auto password = std::string(mail.password.reveal());
    std::string said;
    std::string_view left = mail.message;
    bool exposed = !mail.user.empty() && !is_loopback(mail.server);
    curl_easy_setopt(easy.get(), CURLOPT_URL, mail.server.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy.get(), CURLOPT_USE_SSL,
                     static_cast<long>(exposed ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_FROM, from.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, to.get());
    if (!mail.user.empty()) {
        curl_easy_setopt(easy.get(), CURLOPT_USERNAME, mail.user.c_str());
        curl_easy_setopt(easy.get(), CURLOPT_PASSWORD, password.c_str());
    }
    curl_easy_setopt(easy.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_READFUNCTION, give_message);
    curl_easy_setopt(easy.get(), CURLOPT_READDATA, &left);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &said);
    if (auto done = curl_easy_perform(easy.get()); done != CURLE_OK)
        return failure(done);
    return ok();
}

}  // namespace obliv::fetch
