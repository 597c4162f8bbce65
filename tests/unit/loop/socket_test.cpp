#include "core/loop/socket.hpp"

#include "core/loop/loop.hpp"
#include "core/loop/spawn.hpp"
#include "core/loop/yield.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace obliv;
using namespace obliv::loop;

namespace {

/// Two sockets that are connected to each other: one on the loop, and a plain descriptor.
struct Pair {
    Socket mine;
    int theirs = -1;

    explicit Pair(Loop& loop) : mine(loop) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        mine = Socket(loop, ends[0]);
        theirs = ends[1];
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() { hang_up(); }

    void say(const std::string& text) const {
        REQUIRE(::write(theirs, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void hang_up() {
        if (theirs >= 0)
            ::close(std::exchange(theirs, -1));
    }
    std::string hear(Io& io) {
        std::array<char, 64> room{};
        io = mine.receive(room);
        return {room.data(), io.bytes};
    }
};

Task<void> turns(Loop& loop, int count) {
    for (int i = 0; i < count; ++i)
        co_await yield(loop);
}

void run_turns(Loop& loop, int count) {
    spawn(loop, turns(loop, count), "turns");
    loop.run();
}

Task<void> wait_for(Socket& socket, bool write, std::vector<bool>& answers) {
    if (write)
        answers.push_back(co_await writable(socket));
    else
        answers.push_back(co_await readable(socket));
}

Task<void> interrupt_later(Loop& loop, Socket& socket) {
    co_await yield(loop);
    socket.interrupt();
}

Task<void> close_later(Loop& loop, Socket& socket) {
    co_await yield(loop);
    socket.close();
}

/// Fills what the kernel keeps of the connection.
void fill(Socket& socket) {
    const std::string much(65536, 'x');
    while (socket.send(much).done()) {
    }
}

Task<void> own_and_wait(Loop& loop, int& waiting) {
    Pair pair(loop);
    std::vector<bool> answers;
    ++waiting;
    co_await wait_for(pair.mine, false, answers);
    ++waiting;
}

void count_call(void* count) {
    ++*static_cast<int*>(count);
}

/// Each closes the other: the one that is told first is the only one.
struct Rival {
    Socket* other = nullptr;
    int* calls = nullptr;

    static void told(void* self) {
        auto& rival = *static_cast<Rival*>(self);
        ++*rival.calls;
        rival.other->close();
    }
};

/// In place of a socket that had news in the same batch, one with the same number and none.
struct Replaces {
    Loop& loop;
    std::array<Pair*, 2> pairs{};
    std::unique_ptr<Pair> fresh;

    static void told(void* self) {
        auto& all = *static_cast<Replaces*>(self);
        if (all.fresh)
            return;
        for (auto* pair : all.pairs) {
            pair->mine.close();
            pair->hang_up();
        }
        all.fresh = std::make_unique<Pair>(all.loop);
        all.fresh->mine.set_hook([](void*) {}, nullptr);
    }
};

}  // namespace

TEST_CASE("a read that did not fill its buffer is remembered", "[loop]") {
    Loop loop(0);
    Pair pair(loop);
    Io io;
    CHECK_FALSE(pair.mine.quiet());  // nothing has been heard of it
    std::vector<bool> answers;
    spawn(loop, wait_for(pair.mine, false, answers), "waits");
    pair.say("abc");
    loop.run();
    REQUIRE(answers == std::vector<bool>{true});
    CHECK(pair.hear(io) == "abc");
    CHECK(pair.mine.quiet());
    // It has come, but not been told: the kernel is not asked.
    pair.say("def");
    pair.hear(io);
    CHECK(io.status == Io::Status::would_block);
    spawn(loop, wait_for(pair.mine, false, answers), "waits");
    loop.run();
    CHECK(answers == std::vector<bool>{true, true});
    CHECK_FALSE(pair.mine.quiet());
    CHECK(pair.hear(io) == "def");
}

TEST_CASE("a read that filled its buffer leaves the socket readable", "[loop]") {
    Loop loop(0);
    Pair pair(loop);
    Io io;
    pair.say(std::string(64, 'a'));
    std::vector<bool> answers;
    spawn(loop, wait_for(pair.mine, false, answers), "waits");
    loop.run();
    CHECK(pair.hear(io).size() == 64);
    CHECK_FALSE(pair.mine.quiet());
    pair.hear(io);
    CHECK(io.status == Io::Status::would_block);
    CHECK(pair.mine.quiet());
}

TEST_CASE("an end is seen, with the last bytes or after them", "[loop]") {
    bool with_the_bytes = GENERATE(true, false);
    Loop loop(0);
    Pair pair(loop);
    Io io;
    std::vector<bool> answers;
    pair.say("bye");
    if (with_the_bytes)
        pair.hang_up();
    spawn(loop, wait_for(pair.mine, false, answers), "waits");
    loop.run();
    CHECK(pair.hear(io) == "bye");
    CHECK(pair.mine.quiet() == !with_the_bytes);
    pair.hang_up();
    spawn(loop, wait_for(pair.mine, false, answers), "waits for the end");
    loop.run();
    CHECK(answers == std::vector<bool>{true, true});
    pair.hear(io);
    CHECK(io.status == Io::Status::eof);
    std::string text = "nobody hears this";
    io = pair.mine.send(text);
    CHECK(io.status == Io::Status::failed);
    CHECK(io.error == EPIPE);
}

TEST_CASE("interrupt ends a wait as not ready, and the socket goes on", "[loop]") {
    Loop loop(0);
    Pair pair(loop);
    std::vector<bool> answers;
    spawn(loop, wait_for(pair.mine, false, answers), "reads");
    spawn(loop, interrupt_later(loop, pair.mine), "interrupts");
    loop.run();
    CHECK(answers == std::vector<bool>{false});

    fill(pair.mine);
    spawn(loop, wait_for(pair.mine, true, answers), "writes");
    spawn(loop, wait_for(pair.mine, false, answers), "reads");
    spawn(loop, interrupt_later(loop, pair.mine), "interrupts");
    loop.run();
    CHECK(answers == std::vector<bool>{false, false, false});

    pair.mine.interrupt();  // nobody waits: nothing is kept of it
    spawn(loop, wait_for(pair.mine, false, answers), "reads");
    pair.say("more");
    loop.run();
    CHECK(answers.back());
}

TEST_CASE("room to write is told when the other side has read", "[loop]") {
    Loop loop(0);
    Pair pair(loop);
    run_turns(loop, 1);
    std::vector<bool> answers;
    spawn(loop, wait_for(pair.mine, true, answers), "writes");
    loop.run();
    REQUIRE(answers == std::vector<bool>{true});
    fill(pair.mine);
    spawn(loop, wait_for(pair.mine, true, answers), "writes");
    loop.post([&pair] {
        std::vector<char> room(1 << 20);
        while (::read(pair.theirs, room.data(), room.size()) > 0) {
        }
    });
    loop.run();
    CHECK(answers == std::vector<bool>{true, true});
}

TEST_CASE("closing ends the waits, and a closed socket is never waited for", "[loop]") {
    Loop loop(0);
    Pair pair(loop);
    std::vector<bool> answers;
    spawn(loop, wait_for(pair.mine, false, answers), "reads");
    spawn(loop, close_later(loop, pair.mine), "closes");
    loop.run();
    CHECK(answers == std::vector<bool>{false});
    CHECK_FALSE(pair.mine.is_open());
    spawn(loop, wait_for(pair.mine, false, answers), "reads");
    loop.run();
    CHECK(answers == std::vector<bool>{false, false});
    CHECK_FALSE(pair.mine.set_hook(count_call, nullptr));
    pair.mine.close();
}

TEST_CASE("a hook hears all news until it is taken away", "[loop]") {
    Loop loop(0);
    Pair pair(loop);
    int calls = 0;
    REQUIRE(pair.mine.set_hook(count_call, &calls));
    run_turns(loop, 3);
    CHECK(calls == 1);  // there is room to write
    pair.say("a");
    run_turns(loop, 3);
    CHECK(calls == 2);
    pair.say("b");
    run_turns(loop, 3);
    CHECK(calls == 3);  // though nobody has read the first
    REQUIRE(pair.mine.set_hook(nullptr, nullptr));
    pair.say("c");
    run_turns(loop, 3);
    CHECK(calls == 3);
}

TEST_CASE("a hook that throws does not end the loop", "[loop]") {
    Loop loop(0);
    Pair first(loop), second(loop);
    int calls = 0;
    first.mine.set_hook([](void*) { throw std::runtime_error("from a hook"); }, nullptr);
    second.mine.set_hook(count_call, &calls);
    run_turns(loop, 3);
    CHECK(calls == 1);
}

TEST_CASE("news of a socket that is closed meanwhile are told to nobody", "[loop]") {
    Loop loop(0);
    Pair first(loop), second(loop);
    int calls = 0;
    Rival one{&second.mine, &calls}, two{&first.mine, &calls};
    first.mine.set_hook(Rival::told, &one);
    second.mine.set_hook(Rival::told, &two);
    run_turns(loop, 3);
    CHECK(calls == 1);
    CHECK(first.mine.is_open() != second.mine.is_open());
}

TEST_CASE("a socket never hears the news of the one whose number it has", "[loop]") {
    Loop loop(0);
    Pair first(loop), second(loop);
    Replaces all{loop, {&first, &second}, nullptr};
    first.say("for the first");
    second.say("for the second");
    first.mine.set_hook(Replaces::told, &all);
    second.mine.set_hook(Replaces::told, &all);
    run_turns(loop, 4);
    REQUIRE(all.fresh);
    CHECK(all.fresh->mine.quiet());
}

TEST_CASE("a socket that waits ends with its loop", "[loop]") {
    int waiting = 0;
    {
        Loops loops(1);
        loops.start();
        spawn(loops[0], own_and_wait(loops[0], waiting), "waits");
        loops.on_each([](Loop&) {});
        loops.on_each([](Loop&) {});
    }
    CHECK(waiting == 1);
}

TEST_CASE("parts arrive whole and in order, however large they are together", "[loop]") {
    Loop loop(0);
    Pair pair(loop);
    // Around what is copied into one piece, with parts that are empty or nowhere.
    for (std::size_t size : {1U, 20U, 4095U, 4096U, 4097U, 20000U}) {
        std::string whole(size, '\0');
        for (std::size_t i = 0; i < size; ++i)
            whole[i] = static_cast<char>('a' + i % 23);
        auto middle = size / 3;
        std::array<iovec, 4> parts{iovec{nullptr, 0}, iovec{whole.data(), middle},
                                   iovec{whole.data(), 0},
                                   iovec{whole.data() + middle, size - middle}};
        auto io = pair.mine.send(parts);
        REQUIRE(io.done());
        REQUIRE(io.bytes == size);
        std::string heard(size + 1, '\0');
        REQUIRE(::read(pair.theirs, heard.data(), heard.size()) == static_cast<ssize_t>(size));
        heard.pop_back();
        CHECK(heard == whole);
    }
}

TEST_CASE("what did not fit into the socket is told to the byte", "[loop]") {
    Loop loop(0);
    for (std::size_t size : {3000U, 9000U}) {
        Pair pair(loop);
        std::string half(size / 2, 'h');
        std::size_t sent = 0;
        Io io;
        do {
            std::array<iovec, 2> parts{iovec{half.data(), half.size()},
                                       iovec{half.data(), half.size()}};
            io = pair.mine.send(parts);
            sent += io.bytes;
        } while (io.done());
        CHECK(io.status == Io::Status::would_block);
        std::size_t heard = 0;
        std::array<char, 65536> room{};
        for (ssize_t got = 0; (got = ::read(pair.theirs, room.data(), room.size())) > 0;)
            heard += static_cast<std::size_t>(got);
        CHECK(heard == sent);
        pair.hang_up();
        std::array<iovec, 2> parts{iovec{half.data(), half.size()},
                                   iovec{half.data(), half.size()}};
        CHECK(pair.mine.send(parts).status == Io::Status::failed);
    }
}
