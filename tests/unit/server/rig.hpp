#pragma once

#include "core/loop/loop.hpp"
#include "daemon/server/bodies.hpp"
#include "daemon/server/server.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace obliv::server::test {

/// A service made of one function; errors are rendered as "code: message".
class TestService final : public Service {
public:
    using Serve = std::function<loop::Task<Result<void>>(Exchange&)>;
    explicit TestService(Serve serve) : serve_(std::move(serve)) {}

    loop::Task<Result<void>> serve(Exchange& exchange) override { return serve_(exchange); }
    ErrorReply render(const Error& error, const Exchange& exchange) override;
    void ended(const Exchange& exchange, const Error* error) override;

    std::atomic<int> ended_count{0};
    std::atomic<int> last_status{0};

private:
    Serve serve_;
};

/// A server on one loop with one service, listening on 127.0.0.1.
struct Rig {
    explicit Rig(TestService::Serve serve, const Limits& limits = {}, Bodies* bodies = nullptr);
    ~Rig();

    Bodies* bodies;
    loop::Loops loops{1};
    TestService service;
    Server server;
    std::uint16_t port = 0;
};

/// A blocking client; every wait ends after five seconds.
class Client {
public:
    explicit Client(std::uint16_t port, const char* address = "127.0.0.1");
    explicit Client(const std::string& unix_path);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    bool connected() const { return descriptor_ >= 0; }
    bool send(std::string_view bytes);
    void shut_writing();
    void close();
    void reset();  ///< closes with RST
    /// Bytes up to and with `end`, or what came before the connection or the patience ended.
    std::string read_until(std::string_view end);
    /// One reply with a Content-Length: head and body.
    std::string read_reply();
    /// Everything up to the end of the connection; `closed` tells whether it came to that.
    std::string read_all(bool& closed);
    bool closed_by_server();

private:
    bool more();
    int descriptor_ = -1;
    std::string buffer_;
};

/// Whether `condition` comes to hold within five seconds.
bool eventually(const std::function<bool()>& condition);

std::string get(std::string_view path, std::string_view more = {});
std::string post(std::string_view path, std::string_view body, std::string_view more = {});

/// Answers with the method, the path and the body of the request.
loop::Task<Result<void>> echo(Exchange& exchange);

}  // namespace obliv::server::test
