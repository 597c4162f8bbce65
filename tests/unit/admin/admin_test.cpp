#include "daemon/admin/admin.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "tests/unit/admin/world.hpp"

#include <cstdlib>

using namespace obliv;
using namespace obliv::test;

namespace {

constexpr uid_t own_uid = 4711;

/// A request and the reply it got, without a connection.
class FakeExchange final : public server::Exchange {
public:
    FakeExchange(const std::string& text, std::string body) : text_(text), body_(std::move(body)) {
        std::string_view all = text_;
        head_.method = all.substr(0, all.find(' '));
        head_.path = all.substr(head_.method.size() + 1, all.find('\n') - head_.method.size() - 1);
        head_.headers.reset(text_.data());
        if (auto line = all.find('\n'); line + 1 < all.size()) {
            auto rest = all.substr(line + 1);
            head_.headers.add(rest.substr(0, rest.find(':')), rest.substr(rest.find(':') + 1));
        }
    }

    const http::RequestHead& request() const override { return head_; }
    const server::Peer& peer() const override { return peer_; }
    std::string_view request_id() const override { return "req-9"; }
    SteadyTime arrived() const override { return {}; }
    loop::Loop& loop() override { std::abort(); }
    loop::Task<Result<std::string_view>> read_body() override {
        body_read_ = true;
        co_return std::string_view(body_);
    }
    void release_request() override {}
    void release_body() override {}
    void start(int, std::string_view, std::span<const http::Header>,
               std::optional<std::uint64_t>) override {}
    loop::Task<Result<void>> write(server::Pieces) override { co_return ok(); }
    loop::Task<Result<void>> write_framed(std::string_view) override { co_return ok(); }
    loop::Task<Result<void>> finish(server::Pieces) override { co_return ok(); }
    loop::Task<Result<void>> reply(int status, std::string_view content_type,
                                   std::span<const http::Header> headers,
                                   std::string_view body) override {
        status_ = status;
        content_type_ = content_type;
        reply_ = body;
        for (const auto& header : headers)
            headers_ += std::string(header.name) + "=" + std::string(header.value) + ";";
        co_return ok();
    }
    bool replied() const override { return status_ != 0; }
    bool finished() const override { return status_ != 0; }
    int status() const override { return status_; }
    std::uint64_t bytes_sent() const override { return 0; }
    void set_pulse(const server::Pulse*, void*) override {}
    void on_client_gone(std::function<void()>) override {}
    bool client_gone() const override { return false; }
    bool stopping() const override { return false; }

    server::Peer peer_;
    bool body_read_ = false;
    int status_ = 0;
    std::string content_type_;
    std::string reply_;
    std::string headers_;

private:
    std::string text_;
    std::string body_;
    http::RequestHead head_;
};

/// The API on one loop, with a relay and an administrator's token.
struct Front {
    FakeHost host;
    gate::Gate gate{host.clock_};
    loop::BlockingPool workers{"worker", 1, 4};
    loop::Loop loop{0};

    Front() {
        std::vector<storage::Token> tokens(2);
        tokens[0].id = TokenId{1};
        tokens[0].digest = sha256("sk-relay");
        tokens[0].account = storage::admin_account;
        tokens[1].id = TokenId{2};
        tokens[1].digest = sha256("sk-admin");
        tokens[1].account = storage::admin_account;
        tokens[1].role = storage::TokenRole::admin;
        gate.publish(gate::TokenTable::build(tokens, nullptr));
    }

    void serve(FakeExchange& exchange) {
        admin::Admin front(host, gate, workers, own_uid);
        bool done = false;
        auto note = [&done](const Result<void>& result) { done = result.has_value(); };
        loop::spawn(loop, front.serve(exchange), "test", note);
        loop.run();
        REQUIRE(done);
    }
};

struct Ask {
    std::string header;
    bool is_unix = false;
    uid_t uid = 0;
};

int status_of(const Ask& ask) {
    Front front;
    FakeExchange exchange("GET /api/v1/tokens\n" + ask.header, "");
    exchange.peer_.is_unix = ask.is_unix;
    exchange.peer_.uid = ask.uid;
    front.serve(exchange);
    CHECK(exchange.content_type_ == "application/json");
    return exchange.status_;
}

}  // namespace

TEST_CASE("root and the daemon's user need no credential on the Unix socket", "[admin]") {
    CHECK(status_of({"", true, 0}) == 200);
    CHECK(status_of({"", true, own_uid}) == 200);
    CHECK(status_of({"", true, 1000}) == 401);
    CHECK(status_of({"", false, 0}) == 401);
    CHECK(status_of({"", false, own_uid}) == 401);
    CHECK(status_of({"authorization:Bearer sk-relay", true, 0}) == 200);
    CHECK(status_of({"authorization:Bearer sk-wrong", true, 0}) == 200);
}

TEST_CASE("others prove themselves by a token of role admin", "[admin]") {
    CHECK(status_of({"authorization:Bearer sk-admin"}) == 200);
    CHECK(status_of({"Authorization:bearer  sk-admin "}) == 200);
    CHECK(status_of({"authorization:Bearer sk-relay"}) == 403);
    CHECK(status_of({"authorization:Bearer sk-wrong"}) == 401);
    CHECK(status_of({"authorization:Basic sk-admin"}) == 401);
    CHECK(status_of({"authorization:sk-admin"}) == 401);
    CHECK(status_of({"x-api-key:sk-admin"}) == 401);
    CHECK(status_of({"authorization:Bearer sk-admin", true, 1000}) == 200);
}

TEST_CASE("a call goes through a worker and comes back", "[admin]") {
    Front front;
    FakeExchange exchange("POST /api/v1/tokens\nauthorization:Bearer sk-admin", R"({"name":"ci"})");
    front.serve(exchange);
    CHECK(exchange.status_ == 201);
    CHECK(Json::parse(exchange.reply_)["name"] == "ci");
    FakeExchange removed("DELETE /api/v1/tokens/ci\nauthorization:Bearer sk-admin", "");
    front.serve(removed);
    CHECK(removed.status_ == 204);
    CHECK(removed.reply_.empty());
    CHECK(removed.content_type_.empty());
    FakeExchange wrong("PATCH /api/v1/tokens\nauthorization:Bearer sk-admin", "");
    front.serve(wrong);
    CHECK(wrong.status_ == 405);
    CHECK(wrong.headers_ == "allow=GET, HEAD, POST;");
    CHECK(Json::parse(wrong.reply_)["error"]["request_id"] == "req-9");
}

TEST_CASE("the body of a stranger is not read", "[admin]") {
    Front front;
    FakeExchange stranger("POST /api/v1/tokens\n", R"({"name":"ci"})");
    front.serve(stranger);
    CHECK(stranger.status_ == 401);
    CHECK_FALSE(stranger.body_read_);
    FakeExchange open("GET /openapi.json\n", "");
    front.serve(open);
    CHECK(open.status_ == 200);
}

TEST_CASE("a body over one mebibyte is refused as too large", "[admin]") {
    Front front;
    FakeExchange exchange("POST /api/v1/tokens\nauthorization:Bearer sk-admin",
                          std::string((1 << 20) + 1, ' '));
    front.serve(exchange);
    CHECK(exchange.status_ == 413);
    CHECK(Json::parse(exchange.reply_)["error"]["code"] == "payload_too_large");
}

TEST_CASE("a full queue of workers is told as overload", "[admin]") {
    Front front;
    front.workers.stop();
    FakeExchange exchange("GET /api/v1/tokens\nauthorization:Bearer sk-admin", "");
    front.serve(exchange);
    CHECK(exchange.status_ == 503);
}
