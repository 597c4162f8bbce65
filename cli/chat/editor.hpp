#pragma once

#include "cli/chat/history.hpp"
#include "cli/chat/keys.hpp"

#include <string>
#include <string_view>

namespace obliv::cli {

/// The text that is being written, and what keys do to it. Knows nothing of a terminal.
class Editor {
public:
    enum class Outcome : unsigned char {
        edited,     ///< draw again
        submitted,  ///< text() is what to send
        cleared,    ///< Ctrl-C took the text away
        asked_out,  ///< Ctrl-C with nothing to take away
        left,       ///< Ctrl-D with nothing written
        screen,     ///< Ctrl-L
    };

    explicit Editor(const History& history) : history_(history) { reset(); }

    Outcome apply(const KeyPress& press);
    void reset();

    const std::string& text() const noexcept { return text_; }
    std::size_t cursor() const noexcept { return cursor_; }  ///< byte offset
    bool searching() const noexcept { return searching_; }
    const std::string& search_text() const noexcept { return search_; }

private:
    Outcome apply_search(const KeyPress& press);
    bool apply_motion(KeyPress::Key key);
    void apply_edit(const KeyPress& press);
    Outcome enter();
    void insert(std::string_view text);
    void erase(std::size_t from, std::size_t to, bool keep);
    void move_line(bool up);
    void recall(bool older);
    void find_older();
    void swap();
    std::size_t line_start() const noexcept;
    std::size_t line_end() const noexcept;
    std::size_t word_before() const noexcept;
    std::size_t word_after() const noexcept;

    const History& history_;
    std::string text_;
    std::size_t cursor_ = 0;
    std::string killed_;
    std::string draft_;         ///< what was written before older lines were recalled
    std::size_t recalled_ = 0;  ///< index in the history; its size: the draft
    bool searching_ = false;
    std::string search_;
    std::size_t found_ = 0;
};

}  // namespace obliv::cli
