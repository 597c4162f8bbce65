#include "core/wire/sequence.hpp"

namespace obliv::wire {
namespace {

constexpr std::string_view nothing = "null";

std::string_view trimmed(std::string_view text) {
    auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

}  // namespace

void Sequence::open(Kind kind, Events& out) {
    if (kind_ == kind && kind != Kind::call)
        return;
    close(out);
    kind_ = kind;
    ++block_;
}

void Sequence::text(std::string_view piece, Events& out) {
    if (piece.empty())
        return;
    open(Kind::text, out);
    add(llm::TextPiece{std::string(piece)}, out);
}

void Sequence::thinking(std::string_view piece, Events& out) {
    if (piece.empty())
        return;
    open(Kind::thinking, out);
    add(llm::ThinkingPiece{std::string(piece)}, out);
}

void Sequence::begin_call(std::string id, std::string name, Events& out) {
    open(Kind::call, out);
    called_ = true;
    arguments_begun_ = false;
    held_.clear();
    add(llm::ToolCallBegun{std::move(id), std::move(name)}, out);
}

void Sequence::arguments(std::string_view piece, Events& out) {
    if (kind_ != Kind::call || piece.empty())
        return;
    if (!arguments_begun_) {
        held_ += piece;
        if (nothing.starts_with(trimmed(held_)))
            return;
        arguments_begun_ = true;
        add(llm::ArgumentsPiece{std::move(held_)}, out);
        held_.clear();
        return;
    }
    add(llm::ArgumentsPiece{std::string(piece)}, out);
}

void Sequence::close(Events& out) {
    if (kind_ == Kind::none)
        return;
    if (kind_ == Kind::call && !arguments_begun_) {
        auto held = trimmed(held_);
        bool none = held.empty() || held == nothing;
        add(llm::ArgumentsPiece{none ? "{}" : held_}, out);
    }
    add(llm::BlockEnded{}, out);
    kind_ = Kind::none;
}

}  // namespace obliv::wire
