#include "core/wire/collect.hpp"

#include <utility>

namespace obliv::wire {
namespace {

using namespace llm;

/// A text or a picture that a provider has signed; an empty text may become a thought yet.
bool signed_itself(const Part& part) {
    const auto* text = std::get_if<Text>(&part.what);
    return std::holds_alternative<Media>(part.what) || (text != nullptr && !text->text.empty());
}

class Adder {
public:
    Adder(WholeReply& reply, const ReplyEvent& event) : reply_(reply), event_(event) {}

    void operator()(const Alive&) const {}
    void operator()(const Begun& begun) const { reply_.begun = begun; }
    void operator()(const UsageReport& usage) const { reply_.usage = usage; }
    void operator()(const Failed& failed) const { reply_.failed = failed.error; }
    void operator()(const Finished& finished) const { choice().finished = finished; }
    void operator()(const BlockEnded&) const {}

    void operator()(const TextPiece& piece) const {
        if (auto* text = part<Text>())
            text->text += piece.text;
    }
    void operator()(const RefusalPiece& piece) const {
        if (auto* refusal = part<Refusal>())
            refusal->text += piece.text;
    }
    void operator()(const ThinkingPiece& piece) const {
        if (auto* thought = part<Thinking>()) {
            thought->text += piece.text;
            thought->summary = piece.summary;
        }
    }
    void operator()(const ProofPiece& piece) const {
        auto& block = this->block();
        if (auto* call = std::get_if<ToolCall>(&block.part.what)) {
            call->proof = piece.proof;
        } else if (signed_itself(block.part)) {
            block.part.proof = piece.proof;
        } else if (auto* thought = part<Thinking>()) {
            thought->proof = piece.proof;
            thought->redacted = piece.redacted;
            thought->id = piece.id;
        }
    }
    void operator()(const ToolCallBegun& begun) const {
        if (auto* call = part<ToolCall>()) {
            call->id = begun.id;
            call->name = begun.name;
            call->custom = begun.custom;
            block().part.extras = begun.extras;
        }
    }
    void operator()(const ArgumentsPiece& piece) const {
        if (auto* call = part<ToolCall>())
            call->arguments += piece.text;
    }
    void operator()(const CitationPiece& piece) const {
        if (auto* text = part<Text>())
            text->citations.push_back(piece.citation);
    }
    void operator()(const MediaPiece& piece) const {
        auto* media = part<Media>();
        if (media == nullptr)
            return;
        auto data = std::exchange(media->data, {}) + piece.media.data;
        // Later pieces of a sound carry its data only.
        if (!piece.media.media_type.empty() || media->media_type.empty())
            *media = piece.media;
        media->data = std::move(data);
        block().transcript += piece.transcript;
    }
    void operator()(const LogProbs& probabilities) const {
        append_array(choice().logprobs, probabilities.content);
        append_array(choice().refusal_logprobs, probabilities.refusal);
    }
    void operator()(const Opaque& opaque) const { block().part.what = opaque; }

private:
    WholeReply::Choice& choice() const { return reply_.choices[event_.choice]; }
    WholeReply::Block& block() const { return choice().blocks[event_.block]; }

    /// The block as a T: a new block, which is an empty text, becomes one.
    template <typename T>
    T* part() const {
        auto& what = block().part.what;
        const auto* text = std::get_if<Text>(&what);
        if (text != nullptr && text->text.empty() && text->citations.empty() &&
            !std::holds_alternative<T>(what))
            what.template emplace<T>();
        return std::get_if<T>(&what);
    }

    WholeReply& reply_;
    const ReplyEvent& event_;
};

}  // namespace

void append_array(JsonText& array, const JsonText& more) {
    if (array.size() <= 2) {
        if (!more.empty())
            array = more;
    } else if (more.size() > 2) {
        array.back() = ',';
        array.append(more, 1);
    }
}

void add_event(WholeReply& reply, const ReplyEvent& event) {
    std::visit(Adder(reply, event), event.what);
}

}  // namespace obliv::wire
