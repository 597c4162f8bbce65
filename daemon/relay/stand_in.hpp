#pragma once

#include "core/base/error.hpp"
#include "core/storage/usage.hpp"
#include "daemon/cache/answer_cache.hpp"

namespace obliv::relay {

/// Whether the error means that nobody could be asked, or that nobody answered.
bool is_outage(Code code) noexcept;

/// Notes in the row of a call that it is answered by `answer`.
void describe_again(storage::CallFacts& row, const cache::Answer& answer);

/// An old answer that stands in when every channel fails.
struct StandIn {
    cache::AnswerPtr answer;  ///< null: there is none
    bool used = false;        ///< the row of the failed call says already that it is given

    void step_in(storage::CallFacts& row, const Error& error);
};

}  // namespace obliv::relay
