#pragma once

#include "core/base/clock.hpp"
#include "daemon/channels/cause.hpp"
#include "daemon/channels/channels.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::relay {

/// What one call did to find its provider. A call that is served at the first attempt costs a few
/// numbers here and no memory: its usage row tells everything. Lives with the candidates it names.
class AttemptLog {
public:
    /// An attempt begins; `waited` is the pause before it.
    void begin(const channels::Option& option, SteadyTime now, std::chrono::milliseconds waited);
    void set_key(int index) noexcept { key_ = index; }
    void set_status(int status) noexcept { status_ = status; }
    void add_bytes(std::size_t bytes) noexcept { bytes_ += static_cast<std::int64_t>(bytes); }
    /// The attempt that runs, if one does, has ended. `why` is fit to be shown.
    void end(channels::Cause cause, std::string_view why, SteadyTime now);

    /// The record as JSON; empty where the usage row tells it all. `candidates` is null when the
    /// call did not get so far.
    std::string text(const channels::Candidates* candidates, std::string_view group) const;

private:
    struct Attempt {
        ChannelId channel;
        std::string name;
        std::string model;
        std::string why;
        std::int64_t bytes;
        std::chrono::milliseconds took;
        std::chrono::milliseconds waited;
        int key;
        int status;
        channels::Cause cause;
    };

    bool plain(const channels::Candidates* candidates) const noexcept;
    static void append(std::string& out, const Attempt& attempt);

    std::vector<Attempt> ended_;  ///< empty while all is well
    // Of the attempt that runs.
    const channels::Option* option_ = nullptr;
    SteadyTime begun_{};
    std::chrono::milliseconds waited_{0};
    std::int64_t bytes_ = 0;
    int key_ = 0;
    int status_ = 0;
};

}  // namespace obliv::relay
