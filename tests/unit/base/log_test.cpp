#include "core/base/log.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>

using namespace obliv;
using log::Format;
using log::Level;

namespace {

constexpr std::int64_t noon = 1'709'208'000'000'000'000;  // 2024-02-29T12:00:00Z

std::string line(Format format, std::string_view message,
                 std::initializer_list<log::Field> fields = {}) {
    return log::format_line(format, Level::info, noon, message, fields);
}

/// Collects what is logged until it goes. The pipe is read by a thread so that nobody has to wait.
class Capture {
public:
    explicit Capture(Level level = Level::info) {
        REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
        reader_ = std::thread([this] {
            std::array<char, 65536> chunk{};
            for (ssize_t got = 0; (got = ::read(ends_[0], chunk.data(), chunk.size())) > 0;)
                text_.append(chunk.data(), static_cast<std::size_t>(got));
        });
        log::start({level, Format::text, ends_[1]});
    }
    ~Capture() { finish(); }
    const std::string& finish() {
        if (reader_.joinable()) {
            log::stop();
            ::close(ends_[1]);
            reader_.join();
            ::close(ends_[0]);
            log::set_level(Level::info);
        }
        return text_;
    }

private:
    std::array<int, 2> ends_{};
    std::string text_;
    std::thread reader_;
};

std::size_t occurrences(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size())
        ++count;
    return count;
}

}  // namespace

TEST_CASE("the three formats of a line", "[base][log]") {
    CHECK(line(Format::text, "hello", {{"a", 1}, {"b", "two words"}, {"c", true}, {"d", "/x-1"}}) ==
          "2024-02-29T12:00:00.000Z info hello a=1 b=\"two words\" c=true d=/x-1\n");
    CHECK(line(Format::journal, "hello", {{"a", -5}}) == "<6>hello a=-5\n");
    CHECK(line(Format::json, "hello", {{"a", 1}, {"b", "two"}, {"c", false}}) ==
          "{\"time\":\"2024-02-29T12:00:00.000Z\",\"level\":\"info\",\"message\":\"hello\",\"a\":1,"
          "\"b\":\"two\",\"c\":false}\n");
    CHECK(log::format_line(Format::journal, Level::err, noon, "x", {}) == "<3>x\n");
    CHECK(log::format_line(Format::journal, Level::debug, noon, "x", {}) == "<7>x\n");
}

TEST_CASE("nothing in a value ends a line, a string or a terminal's peace", "[base][log]") {
    const std::string evil = "a\"b\\c\nd\x1b[31m\x7f\xff\xC2\x9B";
    for (auto format : {Format::text, Format::journal, Format::json}) {
        auto out = line(format, evil, {{"k", evil}, {"empty", ""}});
        CHECK(out.back() == '\n');
        CHECK(occurrences(out, "\n") == 1);
        for (char c : {'\x1b', '\x7f', '\xff'})
            CHECK(out.find(c) == std::string::npos);
        CHECK(out.find("\xC2\x9B") == std::string::npos);
    }
    CHECK(line(Format::json, "", {{"k", "a\"b\\\n\x01"}}).find(R"("k":"a\"b\\\n\u0001")") !=
          std::string::npos);
    CHECK(line(Format::text, "m", {{"k", ""}}) == "2024-02-29T12:00:00.000Z info m\n");
    // A C1 control is dangerous although it is valid UTF-8.
    CHECK(line(Format::text, "m", {{"k", "\xC2\x9B"}}).find("\xC2\x9B") == std::string::npos);
}

TEST_CASE("levels have names and an order", "[base][log]") {
    for (auto level : {Level::err, Level::warning, Level::notice, Level::info, Level::debug}) {
        Level read{};
        CHECK(log::level_from_name(log::level_name(level), read));
        CHECK(read == level);
    }
    Level untouched = Level::notice;
    CHECK(!log::level_from_name("error", untouched));
    CHECK(untouched == Level::notice);
    log::set_level(Level::warning);
    CHECK(log::enabled(Level::err));
    CHECK(log::enabled(Level::warning));
    CHECK(!log::enabled(Level::notice));
    log::set_level(Level::info);
}

TEST_CASE("lines arrive whole, in order, and only those of their level", "[base][log]") {
    Capture capture(Level::notice);
    for (int i = 0; i < 1000; ++i)
        log::write(Level::notice, "line", {{"n", i}});
    log::write(Level::info, "not wanted");
    const auto& text = capture.finish();
    CHECK(occurrences(text, "\n") == 1000);
    CHECK(text.find("not wanted") == std::string::npos);
    CHECK(text.find("n=0\n") < text.find("n=999\n"));
}

TEST_CASE("lines of many threads do not mix", "[base][log]") {
    Capture capture;
    std::array<std::thread, 4> threads;
    for (auto& thread : threads)
        thread = std::thread([] {
            for (int i = 0; i < 500; ++i)
                log::write(Level::info, "from a thread", {{"n", i}});
        });
    for (auto& thread : threads)
        thread.join();
    const auto& text = capture.finish();
    CHECK(occurrences(text, "info from a thread n=") == 2000);
    CHECK(occurrences(text, "\n") == 2000);
}

TEST_CASE("a line after a quiet time is written, and so is one in a busy one", "[base][log]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    log::start({Level::info, Format::text, ends[1]});
    for (int i = 0; i < 8; ++i) {
        auto level = i % 4 < 2 ? Level::info : Level::err;  // which does not wait for others
        pollfd waiting{ends[0], POLLIN, 0};
        // Quiet for longer than the writer thread looks for more by itself, every other time.
        if (i % 2 == 0)
            CHECK(::poll(&waiting, 1, 150) == 0);
        log::write(level, "line " + std::to_string(i));
        REQUIRE(::poll(&waiting, 1, 10'000) == 1);
        std::array<char, 256> out{};
        auto got = ::read(ends[0], out.data(), out.size());
        REQUIRE(got > 0);
        CHECK(std::string(out.data(), static_cast<std::size_t>(got))
                  .ends_with(" line " + std::to_string(i) + "\n"));
    }
    log::stop();
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("a full queue drops lines, never blocks, and tells how many", "[base][log]") {
    // Nobody reads this pipe until everything has been said: one write fills it, the rest must wait
    // in the queue or go.
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    log::start({Level::info, Format::text, ends[1]});
    const std::string big(64 << 10, 'x');
    constexpr int lines = 300;  // 19 MiB into 4
    for (int i = 0; i < lines; ++i)
        log::write(Level::notice, big);

    std::string text;
    std::thread reader([&] {
        std::array<char, 65536> chunk{};
        for (ssize_t got = 0; (got = ::read(ends[0], chunk.data(), chunk.size())) > 0;)
            text.append(chunk.data(), static_cast<std::size_t>(got));
    });
    log::stop();
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);
    auto at = text.find("log lines were dropped");
    REQUIRE(at != std::string::npos);
    std::size_t dropped = 0;
    for (; (at = text.find("count=", at)) != std::string::npos; ++at)
        dropped += std::stoul(text.substr(at + 6));
    CHECK(dropped + occurrences(text, big) == lines);
}

TEST_CASE("repeats of an event pass once a second", "[base][log]") {
    Capture capture;
    for (int i = 0; i < 50; ++i) {
        log::write_limited(Level::info, "same", "a repeat");
        log::write_limited(Level::info, "other", "another");
    }
    const auto& text = capture.finish();
    // On a machine that stalls, a second may pass in between; 50 of them may not.
    CHECK(occurrences(text, "a repeat") >= 1);
    CHECK(occurrences(text, "a repeat") < 50);
    CHECK(occurrences(text, "another") >= 1);
}

TEST_CASE("without a start lines go out at once", "[base][log]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    log::start({Level::info, Format::text, ends[1]});
    log::stop();
    log::stop();
    log::write(Level::info, "late");
    std::array<char, 256> out{};
    auto got = ::read(ends[0], out.data(), out.size());
    REQUIRE(got > 0);
    CHECK(std::string(out.data(), static_cast<std::size_t>(got)).ends_with("info late\n"));
    log::start({Level::info, Format::text, 2});
    log::stop();
    ::close(ends[0]);
    ::close(ends[1]);
}
