#include "core/client/transfer.hpp"

#include "core/base/text.hpp"
#include "core/client/trace.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace obliv::client {
namespace {

// A reply that is not streamed is held in memory: a page of a list is a few hundred kilobytes.
constexpr std::size_t body_bytes_max = std::size_t{64} << 20;

struct Multi {
    Multi() : handle(curl_multi_init()) {}
    ~Multi() { curl_multi_cleanup(handle); }
    Multi(const Multi&) = delete;
    Multi& operator=(const Multi&) = delete;
    CURLM* handle;
};
using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// What the callbacks share during one transfer.
struct State {
    const Options& options;
    const Client::Sink* sink;
    Response response{};
    bool handed_out = false;
    bool stopped_by_sink = false;
    bool too_large = false;
    bool received = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* context) {
    auto& state = *static_cast<State*>(context);
    std::string_view bytes(data, size);
    if (state.sink && state.response.ok()) {
        state.handed_out = true;
        state.stopped_by_sink = !(*state.sink)(state.response, bytes);
        return state.stopped_by_sink ? 0 : size;
    }
    state.too_large = state.response.body.size() + size > body_bytes_max;
    if (state.too_large)
        return 0;
    state.response.body += bytes;
    return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* context) {
    auto& state = *static_cast<State*>(context);
    std::string_view line(data, size);
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    state.received = true;
    if (line.starts_with("HTTP/")) {
        // A 100 or a proxy's answer comes before the real one.
        state.response.headers.clear();
        auto space = line.find(' ');
        auto status = parse_int(line.substr(std::min(space + 1, line.size()), 3));
        state.response.status = static_cast<int>(status.value_or(0));
    } else if (auto colon = line.find(':'); colon != std::string_view::npos) {
        state.response.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    return size;
}

int on_debug(CURL*, curl_infotype kind, char* data, std::size_t size, void* context) {
    auto& state = *static_cast<State*>(context);
    if (kind != CURLINFO_HEADER_IN && kind != CURLINFO_HEADER_OUT)
        return 0;
    for (auto line : split(std::string_view(data, size), '\n')) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (!line.empty())
            state.options.trace((kind == CURLINFO_HEADER_OUT ? "> " : "< ") + redacted(line));
    }
    return 0;
}

bool is_loopback(std::string_view url) {
    auto host = url.substr(url.find("://") + 3);
    return host.starts_with("127.") || host.starts_with("[::1]") || host.starts_with("localhost");
}

void append(HeaderList& list, const std::string& line) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    if (!longer)
        return;
    (void)list.release();
    list.reset(longer);
}

std::string line_of(std::string_view name, std::string_view between, std::string_view value) {
    std::string line(name);
    return line.append(between).append(value);
}

HeaderList headers_of(const Options& options, const Request& request) {
    HeaderList list(nullptr, &curl_slist_free_all);
    append(list, "Accept: " + request.accept);
    // Without this curl waits a second for a 100 that many servers never send.
    append(list, "Expect:");
    if (!request.body.empty())
        append(list, "Content-Type: application/json");
    for (const auto& [name, value] : request.headers)
        append(list, line_of(name, ": ", value));
    bool bearer = request.key_header.empty();
    if (!options.credential.empty())
        append(list, bearer ? line_of("Authorization", ": Bearer ", options.credential.reveal())
                            : line_of(request.key_header, ": ", options.credential.reveal()));
    return list;
}

void set_body(CURL* easy, const Request& request) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method == "HEAD")
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (request.body.empty() && request.method != "POST" && request.method != "PUT")
        return;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
}

void set_limits(CURL* easy, const Options& options) {
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_limit.count()));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(
        easy, CURLOPT_LOW_SPEED_TIME,
        static_cast<long>(std::max<std::int64_t>(1, options.silence_limit.count() / 1000)));
    if (options.deadline.at() == SteadyTime::max())
        return;
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(options.deadline.at() - real_clock().steady());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<std::int64_t>(1, left.count())));
}

void set_up(CURL* easy, State& state, const Request& request, curl_slist* headers) {
    const auto& options = state.options;
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (options.endpoint.is_socket())
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options.endpoint.socket_path.c_str());
    // A daemon on this machine is never reached through a proxy; all else follows *_PROXY.
    if (options.endpoint.is_socket() || is_loopback(request.url))
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    // libcurl leaves this variable to its command-line tool.
    if (const char* bundle = std::getenv("SSL_CERT_FILE"); bundle && *bundle)
        curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &state);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &state);
    if (options.trace) {
        curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
        curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &on_debug);
        curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &state);
    }
    set_body(easy, request);
    set_limits(easy, options);
}

bool interrupted(const Options& options) {
    return options.interrupt.requested && options.interrupt.requested->load();
}

/// Drives the transfer; CURLE_ABORTED_BY_CALLBACK when the person stopped it.
CURLcode drive(CURLM* multi, const Options& options) {
    curl_waitfd wake{};
    wake.fd = options.interrupt.descriptor;
    wake.events = CURL_WAIT_POLLIN;
    int running = 1;
    while (running > 0) {
        if (interrupted(options))
            return CURLE_ABORTED_BY_CALLBACK;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        if (running > 0 && curl_multi_poll(multi, wake.fd >= 0 ? &wake : nullptr,
                                           wake.fd >= 0 ? 1 : 0, 1000, nullptr) != CURLM_OK)
            return CURLE_FAILED_INIT;
    }
    int queued = 0;
    auto* message = curl_multi_info_read(multi, &queued);
    return message ? message->data.result : CURLE_FAILED_INIT;
}

Error failure(CURLcode code, const State& state, std::string_view detail) {
    const auto& where = state.options.endpoint.text;
    std::string why(detail.empty() ? curl_easy_strerror(code) : detail.data());
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return fail(Code::cancelled, "interrupted");
    case CURLE_OPERATION_TIMEDOUT: {
        auto connecting = !state.received && why.find("onnect") != std::string::npos;
        auto timed_out = fail(Code::timeout, where + (connecting ? ": no connection in time"
                                                                 : ": no answer in time"));
        if (state.options.deadline.at() != SteadyTime::max())
            timed_out.hint = "allow more with --timeout";
        return timed_out;
    }
    case CURLE_WRITE_ERROR:
        if (state.too_large)
            return fail(Code::payload_too_large, where + ": the reply is larger than 64 MiB");
        return fail(Code::unavailable, where + ": " + why);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return fail(Code::usage, "'" + where + "' is not an address that can be called");
    case CURLE_PEER_FAILED_VERIFICATION: {
        // Another try will see the same certificate.
        auto untrusted = fail(Code::upstream_failed, where + ": " + why);
        untrusted.hint = "name the certificates to trust in SSL_CERT_FILE";
        return untrusted;
    }
    default:
        if (state.handed_out)
            return fail(Code::upstream_failed, where + ": the reply broke off: " + why);
        auto unreached = fail(Code::unavailable, "cannot reach " + where + ": " + why);
        if (state.options.endpoint.is_socket())
            unreached.hint = "is oblivd running there?";
        return unreached;
    }
}

/// libcurl speaks of a host and a port where a Unix socket could not be connected to.
std::string reason_of(CURL* easy, CURLcode code, const State& state, std::string detail) {
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (code != CURLE_COULDNT_CONNECT || !state.options.endpoint.is_socket() || number == 0)
        return detail;
    return std::system_category().message(static_cast<int>(number));
}

}  // namespace

Attempt transfer(const Options& options, const Request& request, const Client::Sink* sink) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    Multi multi;
    Easy easy(curl_easy_init(), &curl_easy_cleanup);
    Attempt attempt;
    if (ready != CURLE_OK || !multi.handle || !easy) {
        attempt.outcome = fail(Code::internal, "libcurl cannot start");
        return attempt;
    }
    if (options.deadline.passed(real_clock().steady())) {
        attempt.outcome = fail(Code::timeout, options.endpoint.text + ": no time is left");
        return attempt;
    }
    State state{options, sink};
    auto headers = headers_of(options, request);
    std::array<char, CURL_ERROR_SIZE> detail{};
    curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail.data());
    set_up(easy.get(), state, request, headers.get());
    curl_multi_add_handle(multi.handle, easy.get());
    auto code = drive(multi.handle, options);
    long sent = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_REQUEST_SIZE, &sent);
    curl_multi_remove_handle(multi.handle, easy.get());

    attempt.connected = sent > 0;
    attempt.handed_out = state.handed_out;
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && state.stopped_by_sink))
        attempt.outcome = std::move(state.response);
    else
        attempt.outcome = failure(code, state, reason_of(easy.get(), code, state, detail.data()));
    return attempt;
}

}  // namespace obliv::client
