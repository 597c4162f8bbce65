#include "daemon/relay/attempts.hpp"

#include "core/base/text.hpp"
#include "core/llm/chat_call.hpp"
#include "daemon/relay/rate_headers.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace obliv::relay {
namespace {

using channels::Cause;

// A record is read by people: the best candidates and the first reasons are what they look for.
constexpr std::size_t candidates_max = 16;
constexpr std::size_t excluded_max = 16;
constexpr std::size_t why_bytes_max = 240;

/// A string of JSON, of at most `limit` bytes of whole characters.
std::string quoted(std::string_view text, std::size_t limit = 128) {
    text = text.substr(0, limit);
    if (auto broken = first_invalid_utf8(text))
        text = text.substr(0, *broken);
    return llm::json_quoted(text);
}

std::string rounded(double share) {
    std::array<char, 32> out{};
    auto end =
        std::to_chars(out.data(), out.data() + out.size(), share, std::chars_format::fixed, 4);
    return {out.data(), end.ptr};
}

std::string channel_head(const channels::Entry& entry) {
    return "{\"channel\":" + entry.channel.id.text() + ",\"name\":" + quoted(entry.channel.name);
}

}  // namespace

void AttemptMark::first_content(SteadyTime now) {
    if (option_ != nullptr)
        option_->entry->health->first_content(
            std::chrono::duration_cast<std::chrono::microseconds>(now - begun_));
}

void AttemptMark::note_quota(const http::Headers& headers, SteadyTime now) const {
    if (option_ == nullptr)
        return;
    auto& quota = option_->entry->keys->quota(key_);
    if (quota.due(now))
        quota.note(window_of(headers), now);
}

void AttemptMark::succeeded(SteadyTime now) {
    const auto* option = std::exchange(option_, nullptr);
    if (option == nullptr)
        return;
    option->entry->keys->succeeded(key_);
    option->entry->health->succeeded(option->breaker, now);
}

void AttemptMark::failed(Cause cause, const Error& error, SteadyTime now) {
    const auto* option = std::exchange(option_, nullptr);
    if (option == nullptr)
        return;
    option->entry->health->failed(cause, error.message, option->breaker, now);
    if (channels::blames_key(cause))
        blame_key(*option->entry, cause, error, now);
}

void AttemptMark::blame_key(const channels::Entry& entry, Cause cause, const Error& error,
                            SteadyTime now) const {
    if (!entry.keys->failed(key_, cause, error.retry_after, now))
        return;
    const auto& key = (*entry.keys)[key_];
    entry.health->tell(channels::EventKind::key_rests, {},
                       "key " + key.id() + " (" + key.hint() + "): " + error.message);
    if (!entry.keys->any_usable(now))
        entry.health->tell(channels::EventKind::all_rest, {}, "no key of the channel is usable");
}

void AttemptLog::begin(const channels::Option& option, SteadyTime now,
                       std::chrono::milliseconds waited) {
    option_ = &option;
    begun_ = now;
    waited_ = waited;
    bytes_ = 0;
    key_ = 0;
    status_ = 0;
}

void AttemptLog::end(Cause cause, std::string_view why, SteadyTime now) {
    const auto* option = std::exchange(option_, nullptr);
    if (option == nullptr || (cause == Cause::ok && ended_.empty() && !tells_all_))
        return;
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun_);
    const auto& channel = option->entry->channel;
    ended_.push_back({channel.id, channel.name, option->match.upstream_model,
                      std::string(why.substr(0, why_bytes_max)), bytes_, took, waited_, key_,
                      status_, cause});
}

void AttemptLog::pass_over(const channels::Option& option, std::string_view why) {
    const auto& channel = option.entry->channel;
    ended_.push_back({channel.id,
                      channel.name,
                      option.match.upstream_model,
                      std::string(why.substr(0, why_bytes_max)),
                      0,
                      {},
                      {},
                      0,
                      0,
                      Cause::unusable});
}

void AttemptLog::adopt(AttemptLog other) {
    std::move(other.ended_.begin(), other.ended_.end(), std::back_inserter(ended_));
}

/// A caller who left during the only attempt is in the usage row, too.
bool AttemptLog::plain(const channels::Candidates* candidates) const noexcept {
    if (tells_all_)
        return false;
    bool only_left = ended_.size() == 1 && ended_.front().cause == Cause::cancelled;
    return (ended_.empty() || only_left) &&
           (candidates == nullptr || candidates->passed_over().empty());
}

void AttemptLog::append(std::string& out, const Attempt& attempt) {
    out.append("{\"channel\":").append(attempt.channel.text());
    out.append(",\"name\":").append(quoted(attempt.name));
    out.append(",\"model\":").append(quoted(attempt.model));
    out.append(",\"key\":").append(std::to_string(attempt.key));
    out.append(",\"status\":").append(std::to_string(attempt.status));
    out.append(",\"cause\":").append(quoted(name_of(attempt.cause)));
    out.append(",\"why\":").append(quoted(attempt.why, why_bytes_max));
    out.append(",\"bytes\":").append(std::to_string(attempt.bytes));
    out.append(",\"ms\":").append(std::to_string(attempt.took.count()));
    out.append(",\"wait_ms\":").append(std::to_string(attempt.waited.count())).append("}");
}

std::string AttemptLog::text(const channels::Candidates* candidates, std::string_view group) const {
    if (plain(candidates))
        return {};
    std::string out = "{\"group\":" + quoted(group) + ",\"candidates\":[";
    std::string_view separator;
    if (candidates != nullptr) {
        const auto& options = candidates->plan().options;
        for (std::size_t i = 0; i < options.size() && i < candidates_max; ++i) {
            out.append(separator).append(channel_head(*options[i].entry));
            out.append(",\"priority\":").append(std::to_string(options[i].entry->channel.priority));
            out.append(",\"score\":").append(rounded(candidates->share(i))).append("}");
            separator = ",";
        }
    }
    out += "],\"excluded\":[";
    separator = {};
    if (candidates != nullptr) {
        std::size_t told = 0;
        for (const auto& each : candidates->passed_over()) {
            if (told++ == excluded_max)
                break;
            out.append(separator).append(channel_head(*each.option->entry));
            out.append(",\"why\":").append(quoted(words_for(each.why), why_bytes_max)).append("}");
            separator = ",";
        }
    }
    out += "],\"attempts\":[";
    separator = {};
    for (const auto& attempt : ended_) {
        out.append(separator);
        append(out, attempt);
        separator = ",";
    }
    return out + "]}";
}

}  // namespace obliv::relay
