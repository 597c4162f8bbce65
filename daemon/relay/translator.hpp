#pragma once

#include "core/base/clock.hpp"
#include "core/llm/reply_scan.hpp"
#include "core/wire/wire.hpp"
#include "daemon/relay/inbound.hpp"

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::relay {

class Continuation;
class ProofWatch;

/// The way of one reply to a client of another format: bytes, events, bytes. Where the formats are
/// the same the bytes pass as they are, and the events only tell what is billed. Bounded memory,
/// but for a reply that is asked for whole: that is kept until it ends, up to limits::reply_bytes.
class Translator {
public:
    struct Parts {
        const Inbound& inbound;  ///< outlives this, as the rest does while it is built
        const llm::ChatCall& call;
        const llm::ChatRequest* request;  ///< null where the bytes pass
        const wire::Wire& provider;
        const wire::Dialect& dialect;
        std::string_view request_id;
        std::int64_t now;
        bool stream;                             ///< what the reply's content type says
        llm::ReplyListener* listener = nullptr;  ///< hears the texts; null: nobody
    };
    explicit Translator(const Parts& parts);
    /// Of a reply that is asked for whole and made of another form.
    Translator(std::unique_ptr<wire::ReplyReader> reader,
               std::unique_ptr<wire::ReplyWriter> writer);
    ~Translator();

    /// Has `watch` see every event from now on.
    void watch_with(std::unique_ptr<ProofWatch> watch, SteadyTime now);

    /// Has `continuation`, which outlives this, see every event, and change those that follow
    /// resume().
    void watch_with(Continuation* continuation) noexcept { continuation_ = continuation; }
    /// The stream broke off, and another provider goes on with it: what is taken from now on is of
    /// its reply. `spent` is what the call has used so far.
    void resume(const Parts& parts, const llm::Usage& spent);

    /// Takes what was read of the reply and appends to `out` what may go to the client now; the
    /// views live until the next call. `last`: the reply ends here. True: it goes as it came.
    Result<bool> take(std::span<const std::string_view> payload, bool last,
                      std::vector<std::string_view>& out);
    /// How many bytes of texts and thoughts may be produced. To be set before anything is taken: a
    /// stream that may have to be cut is watched more closely.
    void limit(std::int64_t produced_bytes_max) noexcept {
        produced_bytes_max_ = produced_bytes_max;
    }
    /// After facts().over: takes what had to wait, with a higher limit. As take().
    Result<bool> go_on(std::int64_t produced_bytes_max, bool last,
                       std::vector<std::string_view>& out);
    /// What ends a stream that was stopped at its limit: the format's own end of a reply that has
    /// become too long.
    std::string_view cut(std::int64_t choices, const llm::Usage& usage);

    /// Whether the whole reply has come and is too long to be parsed here and now: then
    /// finish_long() does it, on any thread, and nothing else is called meanwhile.
    bool is_long() const noexcept { return long_; }
    Result<void> finish_long();
    /// What ends the reply: to be sent when it has been settled.
    std::string_view closing();
    /// What ends a stream that broke off.
    std::string_view broken(const Error& error);

    bool passes() const noexcept { return passes_; }
    std::string_view content_type() const noexcept { return writer_->content_type(); }
    const llm::ReplyFacts& facts() const noexcept { return facts_; }
    /// What the provider said when it broke off; null: it did not.
    const Error* failure() const noexcept { return failed_ ? failure_.get() : nullptr; }

private:
    Result<void> read(std::string_view bytes);
    Result<void> read_all(std::span<const std::string_view> payload, bool last);
    Result<void> finish();
    void use_events();
    bool show_to_watchers(llm::ReplyEvent& event);
    Result<bool> pass_stream(std::span<const std::string_view> payload, bool last,
                             std::vector<std::string_view>& out);
    bool over() const noexcept;
    /// What is to be sorted of a stream that passes, and how much of its start may be shown.
    struct Passing {
        std::string_view rest;
        std::size_t shown = 0;
    };
    Result<void> sort_events(Passing& passing, bool last);
    bool ended() const noexcept { return failed_ || !facts_.finish_reason.empty(); }
    void note(const llm::ReplyEvent& event);
    void note_text(llm::Voice voice, std::string_view text);
    void note_bytes(llm::Voice voice, std::size_t bytes);

    static constexpr auto endless = std::numeric_limits<std::int64_t>::max();

    bool passes_;
    llm::ReplyListener* listener_ = nullptr;
    std::int64_t produced_bytes_max_ = endless;
    bool stream_;  ///< to the client
    std::unique_ptr<ProofWatch> watch_;
    SteadyTime began_{};
    Continuation* continuation_ = nullptr;
    std::unique_ptr<wire::ReplyReader> reader_;
    std::unique_ptr<wire::ReplyWriter> writer_;
    std::vector<llm::ReplyEvent> events_;
    llm::ReplyFacts facts_;
    bool failed_ = false;
    bool long_ = false;
    bool finished_ = false;  ///< `closing_` has been written already
    std::unique_ptr<Error> failure_;
    std::string written_;     ///< what goes to the client out of the last read
    std::string unfinished_;  ///< the start of an event that passes
    std::string withheld_;    ///< what came after the reply had ended
    std::string closing_;
    std::size_t bytes_ = 0;
};

}  // namespace obliv::relay
