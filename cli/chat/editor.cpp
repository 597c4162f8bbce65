#include "cli/chat/editor.hpp"

#include "cli/output/width.hpp"

#include <algorithm>

namespace obliv::cli {
namespace {

using Key = KeyPress::Key;

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n';
}

}  // namespace

void Editor::reset() {
    text_.clear();
    cursor_ = 0;
    draft_.clear();
    recalled_ = history_.entries().size();
    searching_ = false;
    search_.clear();
}

Editor::Outcome Editor::apply(const KeyPress& press) {
    if (searching_)
        return apply_search(press);
    switch (press.key) {
    case Key::enter:
        return enter();
    case Key::interrupt: {
        bool empty = text_.empty();
        reset();
        return empty ? Outcome::asked_out : Outcome::cleared;
    }
    case Key::end_of_input:
        if (text_.empty())
            return Outcome::left;
        erase(cursor_, boundary_after(text_, cursor_), false);
        return Outcome::edited;
    case Key::clear_screen:
        return Outcome::screen;
    case Key::search:
        searching_ = true;
        search_.clear();
        found_ = history_.entries().size();
        return Outcome::edited;
    default:
        if (!apply_motion(press.key))
            apply_edit(press);
        return Outcome::edited;
    }
}

Editor::Outcome Editor::enter() {
    // A backslash at the end asks for another line instead.
    if (!text_.ends_with('\\') || cursor_ != text_.size())
        return Outcome::submitted;
    text_.back() = '\n';
    return Outcome::edited;
}

bool Editor::apply_motion(Key key) {
    switch (key) {
    case Key::left:
        cursor_ = boundary_before(text_, cursor_);
        return true;
    case Key::right:
        cursor_ = boundary_after(text_, cursor_);
        return true;
    case Key::home:
        cursor_ = line_start();
        return true;
    case Key::end:
        cursor_ = line_end();
        return true;
    case Key::word_left:
        cursor_ = word_before();
        return true;
    case Key::word_right:
        cursor_ = word_after();
        return true;
    case Key::up:
    case Key::down:
        move_line(key == Key::up);
        return true;
    default:
        return false;
    }
}

void Editor::apply_edit(const KeyPress& press) {
    switch (press.key) {
    case Key::text:
    case Key::paste:
        return insert(press.text);
    case Key::newline:
        return insert("\n");
    case Key::backspace:
        return erase(boundary_before(text_, cursor_), cursor_, false);
    case Key::remove:
        return erase(cursor_, boundary_after(text_, cursor_), false);
    case Key::kill_to_end:
        // At the end of a line it takes the line feed.
        return erase(cursor_, std::max(line_end(), std::min(cursor_ + 1, text_.size())), true);
    case Key::kill_to_start:
        return erase(line_start(), cursor_, true);
    case Key::kill_word:
        return erase(word_before(), cursor_, true);
    case Key::yank:
        return insert(killed_);
    case Key::swap:
        return swap();
    default:
        return;
    }
}

Editor::Outcome Editor::apply_search(const KeyPress& press) {
    switch (press.key) {
    case Key::text:
        search_ += press.text;
        found_ = std::min(found_ + 1, history_.entries().size());
        find_older();
        return Outcome::edited;
    case Key::backspace:
        search_.erase(boundary_before(search_, search_.size()));
        found_ = history_.entries().size();
        find_older();
        return Outcome::edited;
    case Key::search:
        find_older();
        return Outcome::edited;
    case Key::escape:
    case Key::interrupt:
        searching_ = false;
        return Outcome::edited;
    default:
        searching_ = false;
        return apply(press);
    }
}

void Editor::find_older() {
    if (search_.empty())
        return;
    auto at = history_.find_before(found_, search_);
    if (at == history_.entries().size())
        return;
    found_ = at;
    recalled_ = at;
    text_ = history_.entries()[at];
    cursor_ = text_.size();
}

void Editor::insert(std::string_view text) {
    text_.insert(cursor_, text);
    cursor_ += text.size();
}

void Editor::erase(std::size_t from, std::size_t to, bool keep) {
    if (keep && to > from)
        killed_ = text_.substr(from, to - from);
    text_.erase(from, to - from);
    cursor_ = from;
}

void Editor::swap() {
    auto before = boundary_before(text_, cursor_);
    if (cursor_ == text_.size() && before > 0) {
        cursor_ = before;
        before = boundary_before(text_, cursor_);
    }
    auto after = boundary_after(text_, cursor_);
    if (before == cursor_ || after == cursor_)
        return;
    auto moved = text_.substr(cursor_, after - cursor_) + text_.substr(before, cursor_ - before);
    text_.replace(before, after - before, moved);
    cursor_ = after;
}

std::size_t Editor::line_start() const noexcept {
    auto feed = cursor_ == 0 ? std::string::npos : text_.rfind('\n', cursor_ - 1);
    return feed == std::string::npos ? 0 : feed + 1;
}

std::size_t Editor::line_end() const noexcept {
    return std::min(text_.find('\n', cursor_), text_.size());
}

std::size_t Editor::word_before() const noexcept {
    auto at = cursor_;
    while (at > 0 && is_blank(text_[at - 1]))
        --at;
    while (at > 0 && !is_blank(text_[at - 1]))
        --at;
    return at;
}

std::size_t Editor::word_after() const noexcept {
    auto at = cursor_;
    while (at < text_.size() && is_blank(text_[at]))
        ++at;
    while (at < text_.size() && !is_blank(text_[at]))
        ++at;
    return at;
}

/// Within the text first; beyond its first or last line through the history.
void Editor::move_line(bool up) {
    auto start = line_start();
    auto end = line_end();
    if ((up && start == 0) || (!up && end == text_.size()))
        return recall(up);
    auto column = text_width(std::string_view(text_).substr(start, cursor_ - start));
    cursor_ = up ? start - 1 : end + 1;
    auto target = line_start();
    auto limit = line_end();
    cursor_ = target;
    while (cursor_ < limit &&
           text_width(std::string_view(text_).substr(target, cursor_ - target)) < column)
        cursor_ = boundary_after(text_, cursor_);
}

void Editor::recall(bool older) {
    const auto& entries = history_.entries();
    if (older ? recalled_ == 0 : recalled_ >= entries.size())
        return;
    if (recalled_ == entries.size())
        draft_ = text_;
    recalled_ += older ? std::size_t(-1) : 1;
    text_ = recalled_ == entries.size() ? draft_ : entries[recalled_];
    cursor_ = text_.size();
}

}  // namespace obliv::cli
