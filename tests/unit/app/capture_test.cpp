#include "daemon/app/capture.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::daemon;

namespace {

/// A request whose body is gone once it was given back.
class FakeExchange final : public server::Exchange {
public:
    explicit FakeExchange(std::string body) : body_(std::move(body)) {}

    const http::RequestHead& request() const override { return head_; }
    const server::Peer& peer() const override { return peer_; }
    std::string_view request_id() const override { return "req-1"; }
    SteadyTime arrived() const override { return {}; }
    loop::Loop& loop() override { return loop_; }
    loop::Task<Result<std::string_view>> read_body() override { co_return std::string_view(body_); }
    void release_request() override { release_body(); }
    void release_body() override { std::fill(body_.begin(), body_.end(), '?'); }
    void start(int, std::string_view, std::span<const http::Header>,
               std::optional<std::uint64_t>) override {}
    loop::Task<Result<void>> write(server::Pieces) override { co_return ok(); }
    loop::Task<Result<void>> write_framed(std::string_view) override { co_return ok(); }
    loop::Task<Result<void>> finish(server::Pieces) override { co_return ok(); }
    loop::Task<Result<void>> reply(int, std::string_view, std::span<const http::Header>,
                                   std::string_view) override {
        co_return ok();
    }
    void set_pulse(const server::Pulse*, void*) override {}
    bool replied() const override { return false; }
    bool finished() const override { return false; }
    int status() const override { return 0; }
    std::uint64_t bytes_sent() const override { return 0; }
    void on_client_gone(std::function<void()>) override {}
    bool client_gone() const override { return false; }
    bool stopping() const override { return false; }

private:
    std::string body_;
    http::RequestHead head_;
    server::Peer peer_;
    loop::Loop loop_{0};
};

struct Listening {
    explicit Listening(std::string body) : base(std::move(body)) {
        rules.models = {"m1"};
        rules.bytes_max = 1000;
    }

    void run(loop::Task<Result<void>> task) {
        auto note = [](const Result<void>& done) { REQUIRE(done); };
        loop::spawn(base.loop(), std::move(task), "test", note);
        base.loop().run();
    }
    void read() { run(reading(exchange)); }
    static loop::Task<Result<void>> reading(CapturingExchange& exchange) {
        auto body = co_await exchange.read_body();
        co_return body ? ok() : Result<void>(body.error());
    }

    FakeExchange base;
    relay::Record record;
    CaptureRules rules;
    Bound memory{10'000};
    CapturingExchange exchange{base, record, rules, memory};
};

}  // namespace

TEST_CASE("what was said is kept once the model is known and named", "[capture]") {
    Listening call("the request");
    call.read();
    CHECK(call.memory.taken() == 0);
    call.record.call.model = "m1";
    call.exchange.release_body();
    call.run(call.exchange.write(server::Pieces("one, ")));
    std::array<std::string_view, 2> pieces{"two, ", "three"};
    call.run(call.exchange.finish(server::Pieces(pieces)));
    auto kept = call.exchange.take();
    REQUIRE(kept);
    CHECK(kept->capture.request == "the request");
    CHECK(kept->capture.reply == "one, two, three");
    CHECK_FALSE(kept->capture.request_cut);
    CHECK_FALSE(kept->capture.reply_cut);
}

TEST_CASE("of another model nothing is kept", "[capture]") {
    Listening call(std::string(5000, 'x'));
    call.read();
    call.record.call.model = "m2";
    call.exchange.release_request();
    std::span<const http::Header> none;
    call.run(call.exchange.reply(200, "text/plain", none, std::string(5000, 'y')));
    CHECK(call.memory.taken() == 0);
    CHECK_FALSE(call.exchange.take());
}

TEST_CASE("frames are no part of what is kept, and what has none is cut", "[capture]") {
    Listening call("");
    call.record.call.model = "m1";
    call.run(call.exchange.write_framed("3\r\nabc\r\n2\r\nd"));
    call.run(call.exchange.write_framed("e\r\n"));
    call.run(call.exchange.write_framed("broken"));
    call.run(call.exchange.write_framed("1\r\nf\r\n"));
    auto kept = call.exchange.take();
    REQUIRE(kept);
    CHECK(kept->capture.reply == "abcde");
    CHECK(kept->capture.reply_cut);
}

TEST_CASE("what is kept is bounded for one call and for all together", "[capture]") {
    Listening call(std::string(3000, 'x'));
    call.record.call.model = "m1";
    call.read();
    Share others;
    REQUIRE(others.take(call.memory, 8'800));
    call.exchange.release_request();
    CHECK(call.memory.taken() > 9'700);
    call.run(call.exchange.write(server::Pieces(std::string(900, 'y'))));
    others.resize(0);
    // What comes behind a hole would be read as what came next.
    call.run(call.exchange.finish(server::Pieces("end")));
    {
        auto kept = call.exchange.take();
        REQUIRE(kept);
        CHECK(kept->capture.request == std::string(1000, 'x'));
        CHECK(kept->capture.request_cut);
        CHECK(kept->capture.reply.empty());
        CHECK(kept->capture.reply_cut);
        CHECK(call.memory.taken() > 0);
    }
    CHECK(call.memory.taken() == 0);
}

TEST_CASE("rules name tokens, models and beginnings of models", "[capture]") {
    CaptureRules rules;
    CHECK_FALSE(rules.any());
    rules.models = {"gpt-4*", "o1"};
    rules.tokens = {"watched"};
    CHECK(rules.any());
    relay::Record record;
    CHECK_FALSE(rules.wants(record));
    record.call.model = "gpt-4o";
    CHECK(rules.wants(record));
    record.call.model = "o1-mini";
    CHECK_FALSE(rules.wants(record));
    record.token = "watched";
    CHECK(rules.wants(record));
    record.call.model = "o1";
    record.token = "other";
    CHECK(rules.wants(record));
}
