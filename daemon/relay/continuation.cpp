#include "daemon/relay/continuation.hpp"

#include <variant>

namespace obliv::relay {
namespace {

constexpr std::size_t text_bytes_max = 1U << 20;
constexpr std::string_view spaces = " \t\r\n";

template <typename... Kinds>
bool is_any(const llm::ReplyEvent& event) {
    return (std::holds_alternative<Kinds>(event.what) || ...);
}

}  // namespace

bool Continuation::take(llm::ReplyEvent& event) {
    if (resumed_)
        return fit_in(event);
    note(event);
    // Whether it is an end is not known yet; if it is, the relay says so.
    return !std::holds_alternative<llm::Failed>(event.what);
}

void Continuation::note(const llm::ReplyEvent& event) {
    if (const auto* piece = std::get_if<llm::TextPiece>(&event.what)) {
        if (block_ < 0)
            block_ = event.block;
        fit_ = fit_ && event.choice == 0 && event.block == block_ && !block_ended_ &&
               text_.size() + piece->text.size() <= text_bytes_max;
        if (fit_)
            text_ += piece->text;
        return;
    }
    using namespace llm;
    block_ended_ = block_ended_ || is_any<BlockEnded>(event);
    fit_ = fit_ && is_any<Alive, Begun, UsageReport, LogProbs, BlockEnded, Failed>(event);
}

bool Continuation::possible() const noexcept {
    return fit_ && !resumed_ && !prefix().empty();
}

std::string_view Continuation::prefix() const noexcept {
    auto last = text_.find_last_not_of(spaces);
    return std::string_view(text_).substr(0, last == std::string::npos ? 0 : last + 1);
}

void Continuation::go_on(const llm::Usage& so_far) {
    spent = so_far;
    resumed_ = true;
    spaced_ = prefix().size() < text_.size();
}

/// The client has had a head already, and one block of text that goes on.
bool Continuation::fit_in(llm::ReplyEvent& event) {
    if (is_any<llm::Begun, llm::Failed>(event))
        return false;
    if (auto* report = std::get_if<llm::UsageReport>(&event.what)) {
        if (report->usage.input_all() + report->usage.output_all() == 0) {
            event.what = llm::Alive{};  // a server that tells zeros tells nothing
            return true;
        }
        // The prompt is told and paid once; what was said before is a prompt to the second only.
        auto now = std::exchange(report->usage, spent);
        report->usage.output += now.output;
        report->usage.reasoning += now.reasoning;
        report->usage.audio_out += now.audio_out;
        report->raw.clear();
        return true;
    }
    if (is_any<llm::Alive, llm::Finished, llm::LogProbs>(event))
        return true;  // they are of no block
    auto* piece = std::get_if<llm::TextPiece>(&event.what);
    if (!joined_) {
        joined_ = true;
        base_ = piece != nullptr && !block_ended_ ? block_ - event.block : block_ + 1 - event.block;
    }
    event.block += base_;
    return piece == nullptr || join(*piece);
}

/// White space at the seam is said once.
bool Continuation::join(llm::TextPiece& piece) {
    if (!spaced_)
        return true;
    auto first = piece.text.find_first_not_of(spaces);
    piece.text.erase(0, first);
    spaced_ = piece.text.empty();
    return !spaced_;
}

}  // namespace obliv::relay
