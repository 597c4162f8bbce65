#pragma once

#include "cli/commands/invocation.hpp"
#include "cli/output/json.hpp"

#include <string>
#include <vector>

namespace obliv::cli {

/// Channels as a file wants them: bodies as the management API takes them, `name` among the fields.
/// A field that is absent is left as it is, or at its default where the channel is new.
using WantedChannels = std::vector<Json>;

/// Every channel of the server.
Result<std::vector<Json>> all_channels(Invocation& run);

struct PlanOptions {
    std::string schema;
    bool change = false;  ///< channels that exist become as wanted; otherwise they stay as they are
    bool remove = false;  ///< what is not wanted goes
};

/// Shows what differs and, without --dry-run, brings it about. What is removed is asked about.
Result<void> carry_out(Invocation& run, const WantedChannels& wanted, const PlanOptions& options);

/// The text of a file, `-` for stdin; usage: over a megabyte, or not readable.
Result<std::string> text_of_file(const std::string& path);

/// Reads a declaration: one TOML table for each channel. usage names what is wrong, with its line.
Result<WantedChannels> read_declaration(const std::string& text, const std::string& file);

/// Channels of another gateway's configuration, and what of it has no counterpart here.
struct Imported {
    WantedChannels channels;
    std::vector<std::string> warnings;
};
/// What `--format` can be: `newapi`, `oneapi`, `litellm`.
Result<Imported> read_foreign(const std::string& text, const std::string& format);

}  // namespace obliv::cli
