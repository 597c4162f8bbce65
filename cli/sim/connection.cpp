#include "cli/sim/connection.hpp"

#include "cli/sim/bedrock.hpp"
#include "cli/sim/ollama.hpp"
#include "cli/sim/reply.hpp"
#include "cli/sim/spark.hpp"
#include "cli/sim/wire_stream.hpp"
#include "core/base/secret.hpp"
#include "core/http/uri.hpp"
#include "core/wire/anthropic_lists.hpp"

#include <chrono>

namespace obliv::sim {

using std::chrono::nanoseconds;

namespace {

// A client that sends more than this behind a request under way is cut off.
constexpr std::size_t read_ahead_max = 64 * 1024;
// Longer bursts are sent in parts, so that a stream without delays does not grow in memory.
constexpr std::size_t burst_bytes_max = 64 * 1024;
constexpr std::size_t drip_bytes = 24;
constexpr std::string_view ollama_models_path = "/api/tags";
constexpr std::chrono::milliseconds drip_gap{5};
constexpr std::chrono::seconds linger_time{2};

/// The list of models in the shape that the caller's SDK expects.
std::string models_of(const Shared& shared, const http::RequestHead& head) {
    if (head.path == ollama_models_path)
        return ollama_models(shared.options);
    if (!head.headers.find("anthropic-version"))
        return shared.models_body;
    std::vector<wire::ListedModel> list;
    for (const auto& name : shared.options.models)
        list.push_back({name});
    if (list.empty())
        list.push_back({"sim"});
    return wire::anthropic_models(list, {.limit = 1000});
}

}  // namespace

Connection::Connection(Lane& lane, loop::Socket socket)
    : lane_(lane), socket_(std::move(socket)), timer_(lane.loop().fine_timers(), &on_time, this),
      requests_(lane.loop().blocks()) {}

void Connection::start() {
    auto news = [](void* self) { static_cast<Connection*>(self)->hear(); };
    if (!socket_.set_hook(news, this))
        close();
}

void Connection::hear() {
    if (!unsent_.empty())
        flush();
    read();
}

void Connection::read() {
    while (state_ != State::closed && !socket_.quiet()) {
        if (state_ != State::reading && state_ != State::listening &&
            requests_.waiting() > read_ahead_max)
            return close();
        auto io = socket_.receive(requests_.room());
        if (io.status == loop::Io::Status::would_block)
            return;
        if (!io.done())
            return close();
        // What comes after the end is only read to see the client close.
        if (state_ != State::lingering)
            requests_.add(io.bytes);
        process();
    }
}

/// Serves what is whole, as long as replies need no waiting.
void Connection::process() {
    processing_ = true;
    auto next = RequestReader::Next::whole;
    while (state_ == State::reading && next == RequestReader::Next::whole) {
        auto found = requests_.next();
        if (!found) {
            refuse(found.error());
            break;
        }
        next = *found;
        if (next == RequestReader::Next::whole)
            serve();
        else if (next == RequestReader::Next::need_continue)
            send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (state_ == State::listening)
        listen();
    processing_ = false;
}

/// Answers what cannot be understood; what follows on the connection cannot be either.
void Connection::refuse(const Error& error) {
    keep_alive_ = false;
    auto& out = lane_.scratch();
    append_error(out, error, false);
    send(out);
    end_reply();
}

void Connection::serve() {
    const auto& head = requests_.head();
    keep_alive_ = head.keep_alive;
    bool models = head.path == "/v1/models" || head.path == ollama_models_path;
    auto asked = asked_by(head.path);
    const auto* format = asked ? asked->format : nullptr;
    if (format != nullptr && format->websocket)
        return agree(*asked);
    auto& out = lane_.scratch();
    if (!asked && !models) {
        append_error(out, fail(Code::not_found, "the simulator has no such path"), keep_alive_);
    } else if (head.method != (models ? "GET" : "POST")) {
        append_error(out, fail(Code::method_not_allowed, "not with this method"), keep_alive_,
                     format);
    } else if (!admitted(format)) {
        append_error(out, fail(Code::unauthenticated, "the simulator was given another key"),
                     keep_alive_, format);
    } else if (models) {
        append_reply(out, 200, models_of(lane_.shared(), head), keep_alive_);
    } else {
        return serve_chat(*asked);
    }
    requests_.done();
    send(out);
    end_reply();
}

bool Connection::admitted(const Format* format) const {
    const auto& key = lane_.shared().options.key;
    if (key.empty())
        return true;
    const auto& head = requests_.head();
    constexpr std::string_view scheme = "Bearer ";
    auto given = head.headers.find("authorization").value_or("");
    if (format != nullptr && format->aws && !given.starts_with(scheme))
        return is_signed_with(key, head, requests_.body());
    if (given.starts_with(scheme))
        given.remove_prefix(scheme.size());
    else
        given = head.headers.find("x-api-key")
                    .value_or(head.headers.find("x-goog-api-key").value_or(""));
    return equal_in_constant_time(given, key.reveal());
}

void Connection::serve_chat(const Asked& asked) {
    const auto& head = requests_.head();
    const auto& options = lane_.shared().options;
    auto call = read_request(options, asked, head, requests_.body());
    bool json_array = asked.stream && http::query_value(head.query, "alt").value_or("") != "sse";
    requests_.done();
    if (!call) {
        auto& out = lane_.scratch();
        append_error(out, call.error(), keep_alive_, asked.format);
        send(out);
        return end_reply();
    }
    if (asked.count_only)
        return answer_count(*asked.format, *call);
    auto number = lane_.shared().calls.fetch_add(1, std::memory_order_relaxed) + 1;
    auto plan = make_plan(options, *call, number);
    plan.format = asked.format;
    plan.json_array = json_array;
    carry_out(std::move(plan), call->chat.stream);
}

/// The handshake of a WebSocket.
void Connection::agree(const Asked& asked) {
    const auto& head = requests_.head();
    const auto& key = lane_.shared().options.key;
    auto nonce = head.headers.find("sec-websocket-key").value_or("");
    auto& out = lane_.scratch();
    keep_alive_ = false;
    if (head.method != "GET" || !http::is_websocket_key(nonce))
        append_error(out, fail(Code::invalid_request, "this path takes WebSocket handshakes only"),
                     false);
    else if (!key.empty() && !is_signed_for_spark(key, head))
        append_error(out, fail(Code::unauthenticated, "HMAC signature cannot be verified"), false);
    else
        talk_ = std::make_unique<Talk>(
            Talk{asked, http::FrameReader(true, RequestReader::body_bytes_max), {}});
    if (talk_) {
        out.append("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n");
        out.append("upgrade: websocket\r\n").append(simulated_header);
        out.append("sec-websocket-accept: ").append(http::websocket_accept(nonce));
        out.append("\r\n\r\n");
    }
    requests_.done();
    send(out);
    if (!talk_)
        return end_reply();
    if (state_ != State::closed)
        state_ = State::listening;
}

void Connection::listen() {
    auto bytes = requests_.take();
    while (state_ == State::listening) {
        auto piece = talk_->frames.next(bytes);
        if (!piece || (*piece && (*piece)->opcode == http::Opcode::close))
            return close();
        if (!*piece)
            return;
        if ((*piece)->is_control())
            continue;
        talk_->message += http::unmasked(**piece);
        if ((*piece)->message_end)
            answer_message();
    }
}

void Connection::answer_message() {
    const auto& options = lane_.shared().options;
    auto talk = std::move(talk_);
    talk->message.reserve(talk->message.size() + loop::Block::padding);
    auto call = read_request(options, talk->asked, http::RequestHead(), talk->message);
    if (!call) {
        send(spark_refusal(call.error()));
        return end_reply();
    }
    auto number = lane_.shared().calls.fetch_add(1, std::memory_order_relaxed) + 1;
    auto plan = make_plan(options, *call, number);
    plan.format = talk->asked.format;
    carry_out(std::move(plan), true);
}

void Connection::answer_count(const Format& format, const Call& call) {
    auto& out = lane_.scratch();
    append_reply(out, 200, format.count_reply(call.prompt_tokens), keep_alive_);
    send(out);
    end_reply();
}

void Connection::carry_out(Plan plan, bool stream) {
    if (plan.fault.kind == Fault::Kind::hang) {
        state_ = State::hanging;
        return;
    }
    if (plan.fault.kind == Fault::Kind::status) {
        auto& out = lane_.scratch();
        append_fault(out, plan, keep_alive_);
        send(out);
        return end_reply();
    }
    auto wait = stream ? plan.pace.next(plan.ttft) : plan.whole_time();
    state_ = stream ? State::streaming : State::waiting;
    if (stream) {
        head_sent_ = plan.format != nullptr && plan.format->websocket;
        stream_ = new_stream(std::move(plan));
    } else {
        plan_ = std::move(plan);
    }
    due_ = lane_.loop().now() + wait;
    if (wait > nanoseconds(0))
        timer_.arm(due_);
    else
        on_time(this);
}

void Connection::on_time(void* self) {
    auto& connection = *static_cast<Connection*>(self);
    switch (connection.state_) {
    case State::waiting:
        return connection.send_plain();
    case State::streaming:
        return connection.stream_on();
    case State::dripping:
        return connection.drip_on();
    case State::lingering:
        return connection.close();
    case State::reading:
    case State::listening:
    case State::hanging:
    case State::closed:
        return;
    }
}

void Connection::send_plain() {
    auto& out = lane_.scratch();
    append_reply(out, 200, plan_->format == nullptr ? completion_body(*plan_) : wire_body(*plan_),
                 keep_alive_, {}, plan_->document_type);
    auto fault = plan_->fault.kind;
    plan_.reset();
    if (fault == Fault::Kind::drip)
        return drip(out);
    cut_ = fault == Fault::Kind::cut;
    send(cut_ ? std::string_view(out).substr(0, out.size() / 2) : std::string_view(out));
    end_reply();
}

/// Appends every token whose time has come to `out`; all there are when `all_at_once`.
Stream::Next Connection::fill(std::string& out, bool all_at_once) {
    auto now = lane_.loop().now();
    auto next = Stream::Next::more;
    while (next == Stream::Next::more) {
        next = stream_->next(out);
        if (next != Stream::Next::more || all_at_once)
            continue;
        due_ += stream_->delay();
        if (due_ > now || out.size() > burst_bytes_max)
            break;
    }
    return next;
}

void Connection::stream_on() {
    if (!unsent_.empty()) {
        stalled_ = true;
        return;
    }
    auto& out = lane_.scratch();
    if (!head_sent_)
        append_stream_head(out, keep_alive_, stream_->content_type());
    head_sent_ = true;
    bool all_at_once = stream_->fault() == Fault::Kind::drip;
    auto next = fill(out, all_at_once);
    if (all_at_once)
        return drip(out);
    send(out);
    if (state_ != State::streaming)
        return;  // the client has gone
    if (next == Stream::Next::more)
        return timer_.arm(due_);
    cut_ = next == Stream::Next::cut;
    end_reply();
}

void Connection::drip(std::string reply) {
    drip_ = std::move(reply);
    dripped_ = 0;
    state_ = State::dripping;
    drip_on();
}

void Connection::drip_on() {
    if (unsent_.empty()) {
        auto piece = std::string_view(drip_).substr(dripped_, drip_bytes);
        dripped_ += piece.size();
        send(piece);
    }
    if (state_ != State::dripping)
        return;
    if (dripped_ < drip_.size())
        return timer_.arm(lane_.loop().now() + drip_gap);
    drip_.clear();
    end_reply();
}

void Connection::send(std::string_view bytes) {
    if (state_ == State::closed)
        return;
    if (unsent_.empty()) {
        auto io = socket_.send(bytes);
        if (io.status == loop::Io::Status::failed)
            return close();
        bytes.remove_prefix(io.bytes);
    }
    unsent_ += bytes;
}

/// Sends what the socket did not take, as far as there is room now.
void Connection::flush() {
    auto io = socket_.send(unsent_);
    if (io.status == loop::Io::Status::failed)
        return close();
    unsent_.erase(0, io.bytes);
    if (unsent_.empty())
        resume();
}

/// The socket has taken everything: whoever waited for that goes on.
void Connection::resume() {
    if (state_ == State::lingering)
        return end_reply();
    if (std::exchange(stalled_, false))
        stream_on();
}

void Connection::end_reply() {
    if (state_ == State::closed)
        return;
    stream_.reset();
    if (cut_ || !keep_alive_) {
        state_ = State::lingering;
        if (!unsent_.empty())
            return;
        if (cut_)
            return close();
        ::shutdown(socket_.descriptor(), SHUT_WR);
        return timer_.arm(lane_.loop().now() + linger_time);
    }
    state_ = State::reading;
    if (!processing_)
        process();
}

void Connection::close() {
    if (std::exchange(state_, State::closed) == State::closed)
        return;
    timer_.cancel();
    socket_.close();
    lane_.drop(*this);
}

}  // namespace obliv::sim
