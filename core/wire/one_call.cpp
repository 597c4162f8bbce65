#include "core/wire/one_call.hpp"

#include <map>
#include <set>
#include <utility>

namespace obliv::wire {
namespace {

class OneCall final : public ReplyWriter {
public:
    explicit OneCall(std::unique_ptr<ReplyWriter> writer) : writer_(std::move(writer)) {}

    std::string_view content_type() const noexcept override { return writer_->content_type(); }

    void write(const llm::ReplyEvent& event, std::string& out) override {
        if (!is_further(event))
            writer_->write(event, out);
    }

    void finish(std::string& out) override { writer_->finish(out); }
    void fail(const Error& error, std::string& out) override { writer_->fail(error, out); }

private:
    /// Whether the event belongs to a call after the first.
    bool is_further(const llm::ReplyEvent& event) {
        auto block = std::pair(event.choice, event.block);
        if (std::holds_alternative<llm::ToolCallBegun>(event.what)) {
            auto first = first_.try_emplace(event.choice, event.block).first->second;
            if (first != event.block)
                further_.insert(block);
        }
        auto found = further_.find(block);
        if (found == further_.end())
            return false;
        if (std::holds_alternative<llm::BlockEnded>(event.what))
            further_.erase(found);
        return is_of_block(event);
    }

    /// These concern the whole reply, whatever number stands with them.
    static bool is_of_block(const llm::ReplyEvent& event) {
        const auto& what = event.what;
        return !std::holds_alternative<llm::Alive>(what) &&
               !std::holds_alternative<llm::Begun>(what) &&
               !std::holds_alternative<llm::UsageReport>(what) &&
               !std::holds_alternative<llm::Finished>(what) &&
               !std::holds_alternative<llm::Failed>(what);
    }

    std::unique_ptr<ReplyWriter> writer_;
    std::map<std::int32_t, std::int32_t> first_;               ///< the block of it, by choice
    std::set<std::pair<std::int32_t, std::int32_t>> further_;  ///< open blocks: choice and block
};

}  // namespace

std::unique_ptr<ReplyWriter> with_one_call(std::unique_ptr<ReplyWriter> writer) {
    return std::make_unique<OneCall>(std::move(writer));
}

}  // namespace obliv::wire
