#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace obliv::cli {

/// One key press, or one pasted text.
struct KeyPress {
    enum class Key : unsigned char {
        text,  ///< characters, in `text`
        paste,
        enter,
        newline,  ///< Alt-Enter or Ctrl-J
        backspace,
        remove,  ///< Delete, or Ctrl-D with something to delete
        left,
        right,
        up,
        down,
        home,
        end,
        word_left,
        word_right,
        kill_to_end,
        kill_to_start,
        kill_word,
        yank,
        swap,
        interrupt,     ///< Ctrl-C
        end_of_input,  ///< Ctrl-D
        search,        ///< Ctrl-R
        clear_screen,  ///< Ctrl-L
        escape,        ///< Escape alone, or Ctrl-G
        unknown,
    };
    Key key = Key::unknown;
    std::string text{};
};

/// Bytes of a terminal, cut anywhere, as key presses. One per terminal.
class KeyReader {
public:
    std::vector<KeyPress> feed(std::string_view bytes);
    /// Nothing has come for a moment: an ESC that waits for more was the Escape key.
    std::vector<KeyPress> pause();
    bool waiting() const noexcept { return !pending_.empty() && !pasting_; }

private:
    bool take(std::vector<KeyPress>& out);
    bool take_escape(std::vector<KeyPress>& out);
    bool take_paste(std::vector<KeyPress>& out);
    bool take_text(std::vector<KeyPress>& out);

    std::string pending_;
    bool pasting_ = false;
};

}  // namespace obliv::cli
