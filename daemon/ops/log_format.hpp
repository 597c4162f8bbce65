#pragma once

#include "core/base/log.hpp"
#include "core/config/config.hpp"
#include "core/config/environment.hpp"

namespace obliv::ops {

/// The format to log in on `descriptor`: `auto` is the journal's when $JOURNAL_STREAM names that
/// very descriptor (it is inherited by children whose output goes elsewhere), else text.
log::Format log_format(config::LogFormat wanted, const config::Environment& environment,
                       int descriptor);

}  // namespace obliv::ops
