#pragma once

#include "cli/sim/stream.hpp"
#include "core/llm/chat_reply.hpp"

#include <memory>
#include <vector>

namespace obliv::sim {

/// The writer of `plan.format`, fed token by token.
class WireStream final : public Stream {
public:
    explicit WireStream(Plan plan);
    Next next(std::string& out) override;
    std::string_view content_type() const noexcept override { return writer_->content_type(); }

private:
    void write(const std::vector<llm::ReplyEvent>& events, std::string& out);
    void append(std::string_view payload, std::string& out) const;
    void append_malformed(std::string& out) const;

    Words words_;
    std::unique_ptr<wire::ReplyWriter> writer_;
    std::int64_t token_ = 0;
    std::string payload_;
};

/// In the plan's format.
std::unique_ptr<Stream> new_stream(Plan plan);

/// The body of a plain reply in `plan.format`. With Fault::Kind::malformed its second half is
/// missing.
std::string wire_body(const Plan& plan);

}  // namespace obliv::sim
