#include "cli/chat/keys.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>

namespace obliv::cli {
namespace {

using Key = KeyPress::Key;

constexpr std::string_view paste_start = "\x1b[200~";
constexpr std::string_view paste_end = "\x1b[201~";

struct Sequence {
    std::string_view bytes;
    Key key;
};
constexpr std::array sequences{Sequence{"\x1b[A", Key::up},
                               Sequence{"\x1b[B", Key::down},
                               Sequence{"\x1b[C", Key::right},
                               Sequence{"\x1b[D", Key::left},
                               Sequence{"\x1bOA", Key::up},
                               Sequence{"\x1bOB", Key::down},
                               Sequence{"\x1bOC", Key::right},
                               Sequence{"\x1bOD", Key::left},
                               Sequence{"\x1b[H", Key::home},
                               Sequence{"\x1b[F", Key::end},
                               Sequence{"\x1bOH", Key::home},
                               Sequence{"\x1bOF", Key::end},
                               Sequence{"\x1b[1~", Key::home},
                               Sequence{"\x1b[4~", Key::end},
                               Sequence{"\x1b[3~", Key::remove},
                               Sequence{"\x1b[1;5C", Key::word_right},
                               Sequence{"\x1b[1;5D", Key::word_left},
                               Sequence{"\x1b[1;3C", Key::word_right},
                               Sequence{"\x1b[1;3D", Key::word_left},
                               Sequence{"\x1b"
                                        "f",
                                        Key::word_right},
                               Sequence{"\x1b"
                                        "b",
                                        Key::word_left},
                               Sequence{"\x1b\r", Key::newline},
                               Sequence{"\x1b\n", Key::newline},
                               Sequence{"\x1b\x7f", Key::kill_word}};

Key control_key(unsigned char c) noexcept {
    switch (c) {
    case 0x01:
        return Key::home;
    case 0x02:
        return Key::left;
    case 0x03:
        return Key::interrupt;
    case 0x04:
        return Key::end_of_input;
    case 0x05:
        return Key::end;
    case 0x06:
        return Key::right;
    case 0x07:
        return Key::escape;
    case 0x08:
    case 0x7F:
        return Key::backspace;
    case 0x0A:
        return Key::newline;
    case 0x0B:
        return Key::kill_to_end;
    case 0x0C:
        return Key::clear_screen;
    case 0x0D:
        return Key::enter;
    case 0x0E:
        return Key::down;
    case 0x10:
        return Key::up;
    case 0x12:
        return Key::search;
    case 0x14:
        return Key::swap;
    case 0x15:
        return Key::kill_to_start;
    case 0x17:
        return Key::kill_word;
    case 0x19:
        return Key::yank;
    default:
        return Key::unknown;
    }
}

/// Length of a complete `ESC [ parameters final` at the front; 0 when more must come.
std::size_t control_sequence_length(std::string_view bytes) noexcept {
    for (std::size_t i = 2; i < bytes.size(); ++i)
        if (bytes[i] >= 0x40 && bytes[i] <= 0x7E)
            return i + 1;
    return 0;
}

/// Pasted text as a person sees it: lines end with LF, other control bytes have no business there.
std::string cleaned(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto c = static_cast<unsigned char>(text[i]);
        if (c == '\r') {
            out += '\n';
            i += i + 1 < text.size() && text[i + 1] == '\n' ? 1 : 0;
        } else if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7F)) {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

std::vector<KeyPress> KeyReader::feed(std::string_view bytes) {
    pending_ += bytes;
    std::vector<KeyPress> out;
    while (!pending_.empty() && take(out)) {
    }
    return out;
}

std::vector<KeyPress> KeyReader::pause() {
    std::vector<KeyPress> out;
    if (!waiting())
        return out;
    bool escape = pending_ == "\x1b";
    pending_.clear();
    out.push_back({escape ? Key::escape : Key::unknown});
    return out;
}

bool KeyReader::take(std::vector<KeyPress>& out) {
    if (pasting_)
        return take_paste(out);
    auto first = static_cast<unsigned char>(pending_.front());
    if (first == 0x1B)
        return take_escape(out);
    if (first >= 0x20 && first != 0x7F)
        return take_text(out);
    out.push_back({first == '\t' ? Key::text : control_key(first), first == '\t' ? "\t" : ""});
    pending_.erase(0, 1);
    return true;
}

bool KeyReader::take_text(std::vector<KeyPress>& out) {
    auto first = static_cast<unsigned char>(pending_.front());
    std::size_t length = first < 0xC2 || first > 0xF4 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    std::size_t have = 1;
    while (have < std::min(length, pending_.size()) && continues(pending_[have]))
        ++have;
    if (have < length && have == pending_.size())
        return false;
    auto character = pending_.substr(0, have);
    pending_.erase(0, have);
    // What is no character is dropped.
    if (!first_invalid_utf8(character))
        out.push_back({Key::text, std::move(character)});
    return true;
}

bool KeyReader::take_escape(std::vector<KeyPress>& out) {
    if (pending_.starts_with(paste_start)) {
        pending_.erase(0, paste_start.size());
        pasting_ = true;
        return true;
    }
    for (const auto& sequence : sequences)
        if (pending_.starts_with(sequence.bytes)) {
            pending_.erase(0, sequence.bytes.size());
            out.push_back({sequence.key});
            return true;
        }
    if (pending_.size() < 2)
        return false;
    bool long_form = pending_[1] == '[' || pending_[1] == 'O';
    auto length = long_form ? control_sequence_length(pending_) : 2;
    if (length == 0)
        return false;
    pending_.erase(0, length);
    out.push_back({Key::unknown});
    return true;
}

bool KeyReader::take_paste(std::vector<KeyPress>& out) {
    auto end = pending_.find(paste_end);
    if (end == std::string::npos)
        return false;
    out.push_back({Key::paste, cleaned(std::string_view(pending_).substr(0, end))});
    pending_.erase(0, end + paste_end.size());
    pasting_ = false;
    return true;
}

}  // namespace obliv::cli
