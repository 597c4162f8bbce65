#include "cli/output/terminal.hpp"

#include "core/base/text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace obliv::cli {

bool wants_color(bool is_terminal, Color choice, const Environment& environment) {
    if (choice != Color::automatic)
        return choice == Color::always;
    auto force = environment("CLICOLOR_FORCE");
    if (!force.empty() && force != "0")
        return true;
    return is_terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

StreamStyle style_of(int descriptor, Color choice, const Environment& environment) {
    StreamStyle style;
    style.is_terminal = ::isatty(descriptor) == 1;
    style.color = wants_color(style.is_terminal, choice, environment);
    winsize size{};
    if (style.is_terminal && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
        if (size.ws_col > 0)
            style.columns = size.ws_col;
        if (size.ws_row > 0)
            style.rows = size.ws_row;
    }
    auto columns = parse_int(environment("COLUMNS"));
    if (columns && *columns >= 20 && *columns <= 10'000)
        style.columns = static_cast<int>(*columns);
    return style;
}

}  // namespace obliv::cli
