#pragma once

#include "core/base/result.hpp"

namespace obliv::cli {

class Invocation;

/// `obliv ledger reconcile FILE`: what a provider's bill says beside what calls were charged for.
Result<void> reconcile_ledger(Invocation& run);

}  // namespace obliv::cli
