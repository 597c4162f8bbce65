#include "cli/commands/usage_top.hpp"

#include "cli/chat/tty.hpp"
#include "cli/commands/invocation.hpp"
#include "cli/commands/remote.hpp"
#include "cli/dashboard/dashboard.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace obliv::cli {
namespace {

constexpr int frame_ms = 1000;
constexpr std::size_t piped_rows = 40;

struct Figures {
    Json live;
    Json calls = Json::array();
};

Result<Figures> fetch(Invocation& run) {
    auto live = call(run, "GET", "/usage/live?rows=20");
    if (!live)
        return live.error();
    auto page = call(run, "GET", "/usage?limit=20");
    if (!page)
        return page.error();
    Figures out;
    out.live = std::move(*live);
    if (page->is_object())
        out.calls = page->value("data", Json::array());
    return out;
}

std::string joined_lines(const std::vector<std::string>& lines, std::string_view end) {
    std::string out;
    for (const auto& line : lines)
        out.append(line).append(end);
    return out;
}

/// The other screen of the terminal, without a cursor; what was there before comes back.
class OtherScreen {
public:
    explicit OtherScreen(Tty& tty) : tty_(tty) { tty_.write("\x1b[?1049h\x1b[?25l\x1b[2J"); }
    ~OtherScreen() { tty_.write("\x1b[?25h\x1b[?1049l"); }
    OtherScreen(const OtherScreen&) = delete;
    OtherScreen& operator=(const OtherScreen&) = delete;

    /// In one go, each line over the one that was there: nothing flickers.
    void draw(const std::vector<std::string>& lines) {
        std::string frame = "\x1b[?2026h\x1b[H";
        for (std::size_t i = 0; i < lines.size(); ++i)
            frame += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
        tty_.write(frame + "\x1b[J\x1b[?2026l");
    }

private:
    Tty& tty_;
};

Screen screen_of(const Invocation& run) {
    auto style = style_of(STDOUT_FILENO, run.output.options().color, run.environment);
    return {static_cast<std::size_t>(style.columns), static_cast<std::size_t>(style.rows),
            style.color};
}

/// A daemon that is away for a moment does not end the display: it says so and asks again.
Result<void> follow(Invocation& run, Figures figures) {
    Tty tty;
    tty.stream_mode();
    OtherScreen screen(tty);
    std::string trouble;
    while (true) {
        screen.draw(dashboard(figures.live, figures.calls, trouble, screen_of(run)));
        auto keys = tty.read(frame_ms, run.interrupt.descriptor());
        if (!keys)
            return keys.error();
        if (keys->find_first_of("qQ") != std::string::npos)
            return ok();
        auto next = fetch(run);
        if (next)
            figures = std::move(*next);
        else if (next.error().code == Code::cancelled)
            return next.error();
        trouble = next ? "" : next.error().message;
    }
}

}  // namespace

Result<void> usage_top(Invocation& run) {
    auto figures = fetch(run);
    if (!figures)
        return figures.error();
    if (run.output.options().form != Form::human) {
        auto whole = std::move(figures->live);
        whole["calls"] = std::move(figures->calls);
        return run.output.object("obliv.usage.top/1", whole);
    }
    if (run.output.out_style().is_terminal && ::isatty(STDIN_FILENO) == 1)
        return follow(run, std::move(*figures));
    auto screen = screen_of(run);
    screen.rows = piped_rows;
    return run.output.piece(
        joined_lines(dashboard(figures->live, figures->calls, "", screen), "\n"));
}

}  // namespace obliv::cli
