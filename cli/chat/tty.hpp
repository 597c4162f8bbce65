#pragma once

#include "core/base/result.hpp"

#include <termios.h>

#include <string>
#include <string_view>

namespace obliv::cli {

/// The terminal of a conversation: keys from descriptor 0, drawing on descriptor 1. Puts back what
/// it found when it goes.
class Tty {
public:
    Tty();
    ~Tty();
    Tty(const Tty&) = delete;
    Tty& operator=(const Tty&) = delete;

    /// Every key comes at once and means nothing by itself.
    void edit_mode();
    /// Ctrl-C is a signal, other keys wait unseen: while a reply streams.
    void stream_mode();

    /// Bytes of keys; empty when `pause_ms` (-1: for ever) went by. `cancelled` on a signal or at
    /// the end of the terminal.
    Result<std::string> read(int pause_ms, int wake_descriptor);
    void write(std::string_view bytes);

private:
    termios before_{};
    bool known_ = false;
};

}  // namespace obliv::cli
