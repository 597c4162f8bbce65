#include "daemon/relay/dialogue.hpp"

#include "core/http/head.hpp"

#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::relay;

namespace {

std::string frame(http::Opcode opcode, std::string_view payload) {
    std::string out;
    http::append_frame(out, opcode, payload);
    return out;
}

/// What a server reads in frames of ours.
std::vector<std::pair<http::Opcode, std::string>> read(std::string_view bytes) {
    http::FrameReader reader(true, 1 << 20);
    std::vector<std::pair<http::Opcode, std::string>> out;
    while (true) {
        auto piece = reader.next(bytes);
        REQUIRE(piece);
        if (!*piece)
            return out;
        out.emplace_back((*piece)->opcode, http::unmasked(**piece));
    }
}

/// The messages in `bytes`, given in pieces of `step`.
std::string heard(Dialogue& dialogue, std::string_view bytes, std::size_t step) {
    std::string out;
    while (!bytes.empty()) {
        auto piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        REQUIRE(dialogue.hear(std::span(&piece, 1)));
        for (auto part : dialogue.heard())
            out += part;
    }
    return out;
}

}  // namespace

TEST_CASE("a dialogue asks with one masked message", "[relay]") {
    Dialogue dialogue("question");
    CHECK(http::is_websocket_key(dialogue.key()));
    CHECK(dialogue.key() != Dialogue("question").key());
    auto sent = read(dialogue.take_question());
    REQUIRE(sent.size() == 1);
    CHECK(sent[0] == std::pair{http::Opcode::text, std::string("question")});
    auto last = read(Dialogue::good_bye());
    REQUIRE(last.size() == 1);
    CHECK(last[0] == std::pair{http::Opcode::close, http::close_payload(1000, "")});
}

TEST_CASE("a dialogue reads messages without their frames and answers pings", "[relay]") {
    auto bytes = frame(http::Opcode::text, "one") + frame(http::Opcode::ping, "there?") +
                 frame(http::Opcode::binary, "two") + frame(http::Opcode::pong, "") +
                 frame(http::Opcode::close, http::close_payload(1000, "")) +
                 frame(http::Opcode::text, "after the end");
    for (std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{5}}) {
        Dialogue dialogue("q");
        CHECK(heard(dialogue, bytes, step) == "onetwo");
        CHECK(dialogue.closed());
        auto answers = read(dialogue.take_answers());
        REQUIRE(answers.size() == 1);
        CHECK(answers[0] == std::pair{http::Opcode::pong, std::string("there?")});
        CHECK(dialogue.take_answers().empty());
    }
}

TEST_CASE("a dialogue ends where the provider breaks the protocol", "[relay]") {
    Dialogue masked("q");
    std::string bytes;
    http::append_frame(bytes, http::Opcode::text, "x", http::Mask{1, 2, 3, 4});
    std::string_view piece = bytes;
    auto heard = masked.hear(std::span(&piece, 1));
    REQUIRE_FALSE(heard);
    CHECK(heard.error().code == Code::upstream_failed);

    Dialogue flooded("q");
    bytes.clear();
    for (int i = 0; i < 100; ++i)
        bytes += frame(http::Opcode::ping, std::string(100, 'x'));
    piece = bytes;
    CHECK_FALSE(flooded.hear(std::span(&piece, 1)));
}

TEST_CASE("a handshake is agreed to by the answer to its key only", "[relay]") {
    Dialogue dialogue("q");
    auto judged = [&](std::string lines) {
        http::ResponseHead head;
        auto text = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n"
                    "upgrade: websocket\r\n" +
                    lines + "\r\n";
        auto parsed = http::parse_response_head(text, http::websocket_method, {}, head);
        REQUIRE(parsed);
        REQUIRE(*parsed == http::Parse::complete);
        return check_handshake(head, dialogue.key()).has_value();
    };
    auto accept = "sec-websocket-accept: " + http::websocket_accept(dialogue.key()) + "\r\n";
    CHECK(judged(accept));
    CHECK_FALSE(judged(""));
    CHECK_FALSE(judged("sec-websocket-accept: AAAA\r\n"));
    CHECK_FALSE(judged(accept + "sec-websocket-extensions: permessage-deflate\r\n"));
}
