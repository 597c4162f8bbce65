#include "cli/chat/tty.hpp"

#include "cli/output/sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace obliv::cli {

Tty::Tty() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {}

Tty::~Tty() {
    if (!known_)
        return;
    write("\x1b[?2004l");
    (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

void Tty::edit_mode() {
    auto raw = before_;
    raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IXON | ISTRIP);
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    write("\x1b[?2004h");
}

void Tty::stream_mode() {
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
    (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

Result<std::string> Tty::read(int pause_ms, int wake_descriptor) {
    std::array<pollfd, 2> waits{pollfd{STDIN_FILENO, POLLIN, 0},
                                pollfd{wake_descriptor, POLLIN, 0}};
    auto count = ::poll(waits.data(), waits.size(), pause_ms);
    if (count == 0 || (count < 0 && errno == EINTR && waits[1].revents == 0))
        return std::string();
    if (waits[1].revents != 0)
        return fail(Code::cancelled, "terminated");
    std::array<char, 4096> bytes{};
    auto got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got > 0)
        return std::string(bytes.data(), static_cast<std::size_t>(got));
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return std::string();
    return fail(Code::cancelled, "the terminal is gone");
}

void Tty::write(std::string_view bytes) {
    (void)write_all(STDOUT_FILENO, bytes);
}

}  // namespace obliv::cli
