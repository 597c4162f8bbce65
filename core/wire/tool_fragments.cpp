#include "core/wire/tool_fragments.hpp"

#include <algorithm>
#include <utility>

namespace obliv::wire {

using namespace llm;

void JsonEnd::feed(std::string_view piece) noexcept {
    for (char c : piece) {
        if (escaped_)
            escaped_ = false;
        else if (quoted_)
            (c == '\\' ? escaped_ : quoted_) = c == '\\';
        else
            take_outside(c);
    }
}

void JsonEnd::take_outside(char c) noexcept {
    if (c == '"')
        quoted_ = true;
    else if (c == '{' || c == '[')
        begun_ = ++depth_ > 0;
    else if ((c == '}' || c == ']') && depth_ > 0)
        --depth_;
}

template <typename What>
void ToolFragments::add(const Call& call, What what, std::vector<ReplyEvent>& out) {
    out.push_back({std::move(what), choice_, call.block});
}

/// The call that the fragment belongs to; null: to one that has ended, and there is nothing in it.
ToolFragments::Call* ToolFragments::call_of(const ToolFragment& fragment) {
    // Without a number or an id only a name tells a new call from more of the last.
    bool nameless = fragment.id.empty() && fragment.name.empty();
    bool fresh = !fragment.index && fragment.id.empty() && !nameless;
    auto same = [&](const Call& call) {
        bool here = !fragment.index || *fragment.index == call.index;
        return here && (fragment.id.empty() || call.id.empty() || fragment.id == call.id);
    };
    // The last one at an index is the one that is open there.
    auto found = fresh ? calls_.rend() : std::find_if(calls_.rbegin(), calls_.rend(), same);
    if (found != calls_.rend())
        return &*found;
    if (nameless)
        return nullptr;
    auto& call = calls_.emplace_back();
    call.index = fragment.index.value_or(static_cast<std::int64_t>(calls_.size()));
    any_ = true;
    return &call;
}

void ToolFragments::flush(Call& call, std::int32_t& block, std::vector<ReplyEvent>& out) {
    if (!call.begun && !call.name.empty()) {
        call.begun = true;
        call.block = ++block;
        add(call, ToolCallBegun{call.id, call.name, call.custom}, out);
    }
    if (!call.begun || call.held.empty())
        return;
    held_bytes_ -= call.held.size();
    call.spoke = true;
    add(call, ArgumentsPiece{std::exchange(call.held, {})}, out);
}

void ToolFragments::end(Call& call, std::int32_t& block, std::vector<ReplyEvent>& out) {
    flush(call, block, out);
    held_bytes_ -= call.held.size();
    if (!call.begun)
        return;
    if (!call.spoke && !call.custom)
        add(call, ArgumentsPiece{"{}"}, out);
    if (!call.proof.data.empty())
        add(call, ProofPiece{call.proof}, out);
    add(call, BlockEnded{}, out);
}

/// Sends what may go out: pieces of the first call, and whole calls before it.
void ToolFragments::advance(std::int32_t& block, std::vector<ReplyEvent>& out) {
    while (!calls_.empty()) {
        auto& first = calls_.front();
        flush(first, block, out);
        bool over = calls_.size() > 1 && (first.custom || first.end.reached());
        if (!over)
            return;
        end(first, block, out);
        calls_.pop_front();
    }
}

Result<void> ToolFragments::take(ToolFragment fragment, std::int32_t& block,
                                 std::vector<ReplyEvent>& out) {
    auto* belongs = call_of(fragment);
    if (belongs == nullptr)
        return ok();
    auto& call = *belongs;
    if (call.id.empty())
        call.id = std::move(fragment.id);
    if (call.name.empty())
        call.name = std::move(fragment.name);
    call.custom = call.custom || fragment.custom;
    if (!fragment.proof.data.empty())
        call.proof = std::move(fragment.proof);
    call.end.feed(fragment.arguments);
    held_bytes_ += fragment.arguments.size();
    call.held += fragment.arguments;

    advance(block, out);
    if (held_bytes_ > held_bytes_max_)
        return fail(Code::upstream_failed, "the provider sends its tool calls all at once, and "
                                           "more of them than can be kept");
    return ok();
}

void ToolFragments::close(std::int32_t& block, std::vector<ReplyEvent>& out) {
    for (auto& call : calls_)
        end(call, block, out);
    calls_.clear();
}

}  // namespace obliv::wire
