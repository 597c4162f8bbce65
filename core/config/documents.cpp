#include "core/config/schema.hpp"

namespace obliv::config {
namespace {

/// Appends `text` in lines of at most `width` bytes, each after `prefix`.
void wrap(std::string& out, std::string_view text, std::string_view prefix, std::size_t width) {
    std::string line(prefix);
    bool empty = true;
    while (!text.empty()) {
        auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (!empty && line.size() + 1 + word.size() > width) {
            out += line + "\n";
            line = prefix;
            empty = true;
        }
        line += (empty ? "" : " ") + std::string(word);
        empty = false;
    }
    out += line + "\n";
}

std::string default_of(const Field& field) {
    return field.show(Config{});
}

}  // namespace

std::string default_file() {
    std::string out = "# Settings of oblivd. Every line shows the default; remove the # to change "
                      "it.\n# Files in conf.d/ beside this one are read after it, in byte order; "
                      "what they set wins.\n# A text may hold ${VARIABLE} or be credential:NAME. "
                      "See oblivd.toml(5), and\n# `oblivd check` before a reload.\n";
    for (const auto& section : sections()) {
        out += "\n";
        wrap(out, section.meaning, "# ", 100);
        out += "[" + std::string(section.name) + "]\n";
        for (const auto& field : fields()) {
            if (field.section != section.name)
                continue;
            wrap(out,
                 std::string(field.meaning) + " (" + field.type +
                     (field.applies == Applies::on_restart ? "; needs a restart)" : ")"),
                 "# ", 100);
            if (!field.default_note.empty())
                wrap(out, "Default: " + std::string(field.default_note) + ".", "# ", 100);
            out += "#" + std::string(field.key) + " = " + default_of(field) + "\n";
        }
    }
    return out;
}

std::string reference_page() {
    std::string out =
        "# Settings of oblivd\n\n"
        "Generated from the list in `core/config/schema.cpp` by `scripts/generate_daemon_docs`.\n\n"
        "`oblivd` reads `/etc/oblivd/oblivd.toml` (started by a user: "
        "`$XDG_CONFIG_HOME/oblivd/oblivd.toml`) or the file given by `--config`,\n"
        "then `conf.d/*.toml` beside it in byte order. Later files win key by key; a list "
        "replaces a list. Flags win over files.\n"
        "Durations are texts such as `\"250ms\"`, `\"10s\"`, `\"5m\"`, `\"2h\"`; sizes such as "
        "`\"64KiB\"`, `\"10MB\"`; counts such as `250`, `\"10k\"`.\n"
        "In a text `${NAME}` stands for an environment variable (`$${` for a plain `${`), and a "
        "text `credential:NAME` for the file of that name in\n"
        "`$CREDENTIALS_DIRECTORY`, as systemd's `LoadCredential=` makes it.\n\n"
        "`oblivd check` tells what is wrong, `oblivd print-config` what is in force and where it "
        "comes from. Unknown keys are errors.\n"
        "After `SIGHUP` or `oblivd ctl reload` all changes take effect or none; those marked "
        "*restart* wait for the next start and are named.\n";
    for (const auto& section : sections()) {
        out += "\n## [" + std::string(section.name) + "]\n\n" + std::string(section.meaning) +
               "\n\n| key | type | default | takes effect | meaning |\n|---|---|---|---|---|\n";
        for (const auto& field : fields()) {
            if (field.section != section.name)
                continue;
            auto standard = field.default_note.empty() ? "`" + default_of(field) + "`"
                                                       : std::string(field.default_note);
            out += "| `" + std::string(field.key) + "` | " + field.type + " | " + standard + " | " +
                   (field.applies == Applies::on_restart ? "*restart*" : "reload") + " | " +
                   std::string(field.meaning) + " |\n";
        }
    }
    return out;
}

}  // namespace obliv::config
