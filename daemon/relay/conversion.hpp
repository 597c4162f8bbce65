#pragma once

#include "core/base/bound.hpp"
#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/llm/chat_request.hpp"
#include "core/llm/system_prompt.hpp"
#include "daemon/relay/inbound.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::relay {

class Proofs;

/// For which channel a request is written. What it refers to outlives the writing.
struct Order {
    const providers::Offer& offer;
    const wire::Dialect& dialect;
    std::string_view upstream_model;
    bool lossy = false;  ///< what cannot be carried is left out
    const llm::SystemPrompt& prompt;
    std::string_view prefix{};   ///< how the answer begins; empty: nothing has been said
    std::string_view prefill{};  ///< providers::Provider's
};

/// The request of a call on its way to channels of other formats: read once, written for each. May
/// be used on any thread, by one at a time.
class Conversion {
public:
    /// `body` outlives this; it is read when the first channel needs it.
    Conversion(Inbound inbound, std::string_view body, HeaderList headers)
        : inbound_(std::move(inbound)), body_(body), headers_(std::move(headers)) {}

    /// Writes the request as `order` says. invalid_request: it cannot be understood, or something
    /// in it cannot be carried and must not be lost. unsupported: nothing is known of the format.
    Result<void> write(const Order& order);

    const llm::ChatRequest& request() const { return *request_; }  ///< of a chat
    /// Of any other call.
    const std::shared_ptr<llm::PlainRequest>& plain() const noexcept { return plain_; }
    /// What write() found that the channel takes the bytes of, and the caller told by URLs: these
    /// have to be supplied, and write() called again. Empty after a request was written, and always
    /// unless fetching is allowed.
    const std::vector<llm::Media*>& wanted() const noexcept { return wanted_; }
    void allow_fetching() noexcept { fetching_ = true; }
    /// The request is to ask for this reasoning effort, whatever it says itself.
    void ask_effort(std::string effort) noexcept { effort_ = std::move(effort); }
    /// The memory that it takes, which goes back when it is gone.
    void hold(Share memory) noexcept { memory_.join(std::move(memory)); }
    /// What the caller's format has lost is put back from there when the request is read.
    void restore_from(const Proofs& proofs, AccountId account, SteadyTime now) noexcept {
        proofs_ = &proofs;
        account_ = account;
        now_ = now;
    }

    const wire::WrittenRequest& written() const noexcept { return written_; }
    /// Of what was written, the prompt that is not the caller's; empty: it was not put in.
    std::string_view injected() const noexcept { return injected_; }
    /// What was left out, for a header: `top_k, seed`; empty: nothing.
    std::string dropped() const;

private:
    Result<void> read();
    Result<wire::WrittenRequest> write_chat(const Order& order);
    Result<wire::WrittenRequest> write_plain(const wire::PlainForm& form,
                                             std::string_view upstream_model);

    Share memory_;  ///< first, so that it goes last
    Inbound inbound_;
    std::string_view body_;
    HeaderList headers_;
    std::string effort_;  ///< empty: as the body says
    std::optional<llm::ChatRequest> request_;
    std::shared_ptr<llm::PlainRequest> plain_;  ///< shared with the writer of the reply
    std::optional<Error> refused_;
    wire::WrittenRequest written_;
    std::string_view injected_;
    std::vector<llm::Media*> wanted_;  ///< of request_
    bool fetching_ = false;
    const Proofs* proofs_ = nullptr;
    AccountId account_{};
    SteadyTime now_{};
};

}  // namespace obliv::relay
