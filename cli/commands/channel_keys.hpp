#pragma once

#include "cli/commands/invocation.hpp"
#include "cli/output/json.hpp"

namespace obliv::cli {

/// The keys that `--key-file` or `--key-stdin` name, one a line; null: neither flag was given.
Result<Json> keys_from_flags(const Values& values);

}  // namespace obliv::cli
