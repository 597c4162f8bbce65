#pragma once

#include "core/base/clock.hpp"
#include "daemon/channels/cause.hpp"
#include "daemon/channels/channels.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::http {
class Headers;
}

namespace obliv::relay {

/// One call to a channel, for the health of the channel and of its key. Left without a verdict it
/// counts as abandoned. Lives with the candidates that the option is of.
class AttemptMark {
public:
    AttemptMark() = default;
    AttemptMark(const channels::Option& option, SteadyTime now) : option_(&option), begun_(now) {
        option.entry->health->begin(now);
    }
    AttemptMark(AttemptMark&& other) noexcept { swap(other); }
    AttemptMark& operator=(AttemptMark&& other) noexcept {
        swap(other);
        return *this;
    }
    ~AttemptMark() {
        if (option_ != nullptr)
            option_->entry->health->abandoned();
    }

    void use_key(std::size_t index, SteadyTime now) {
        key_ = index;
        option_->entry->keys->began(index, now);
    }
    void first_content(SteadyTime now);
    /// Takes what the head of a reply tells of the key's rate limits, where it is time to look.
    void note_quota(const http::Headers& headers, SteadyTime now) const;
    SteadyTime begun() const noexcept { return begun_; }
    void succeeded(SteadyTime now);
    void failed(channels::Cause cause, const Error& error, SteadyTime now);

private:
    void swap(AttemptMark& other) noexcept {
        std::swap(option_, other.option_);
        std::swap(begun_, other.begun_);
        std::swap(key_, other.key_);
    }
    void blame_key(const channels::Entry& entry, channels::Cause cause, const Error& error,
                   SteadyTime now) const;

    const channels::Option* option_ = nullptr;
    SteadyTime begun_{};
    std::size_t key_ = 0;
};

/// What one call did to find its provider. A call that one channel alone can serve, and serves at
/// the first attempt, costs a few numbers here and no memory: its usage row tells everything. Lives
/// with the candidates it names.
class AttemptLog {
public:
    /// An attempt begins; `waited` is the pause before it.
    void begin(const channels::Option& option, SteadyTime now, std::chrono::milliseconds waited);
    void set_key(int index) noexcept { key_ = index; }
    void set_status(int status) noexcept { status_ = static_cast<std::int16_t>(status); }
    void add_bytes(std::size_t bytes) noexcept { bytes_ += static_cast<std::int64_t>(bytes); }
    /// The attempt that runs, if one does, has ended. `why` is fit to be shown.
    void end(channels::Cause cause, std::string_view why, SteadyTime now);

    /// The channel is not asked, for this reason.
    void pass_over(const channels::Option& option, std::string_view why);

    /// The record has every attempt, also if all went well.
    void tell_all() noexcept { tells_all_ = true; }
    /// Takes over the attempts of another road of the same call.
    void adopt(AttemptLog other);

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
    std::int64_t bytes_ = 0;
    std::chrono::duration<std::int32_t, std::milli> waited_{0};
    int key_ = 0;
    std::int16_t status_ = 0;
    bool tells_all_ = false;
};

}  // namespace obliv::relay
