#include "daemon/relay/plain_reply.hpp"

#include <string>
#include <utility>
#include <vector>

namespace obliv::relay {
namespace {

/// The client's reply, once there is one.
using Text = std::shared_ptr<std::string>;

class Reader final : public wire::ReplyReader {
public:
    Reader(PlainParts parts, Text text) : parts_(std::move(parts)), text_(std::move(text)) {}

    Result<void> feed(std::string_view bytes, std::vector<llm::ReplyEvent>&) override {
        body_ += bytes;  // the translator bounds it
        return ok();
    }

    Result<void> finish(std::vector<llm::ReplyEvent>& out) override {
        auto reply = parts_.provider.read_reply(body_, *parts_.request);
        std::string().swap(body_);
        if (!reply)
            return reply.error();
        if (reply->usage)
            out.push_back({llm::UsageReport{*reply->usage}});
        *text_ = parts_.client.write_reply(*reply, *parts_.request, parts_.options);
        return ok();
    }

private:
    PlainParts parts_;
    Text text_;
    std::string body_;
};

class Writer final : public wire::ReplyWriter {
public:
    explicit Writer(Text text) : text_(std::move(text)) {}

    std::string_view content_type() const noexcept override { return "application/json"; }
    void write(const llm::ReplyEvent&, std::string&) override {}
    void finish(std::string& out) override { out += *text_; }
    /// Only streams break off so that a client sees it.
    void fail(const Error&, std::string&) override {}

private:
    Text text_;
};

}  // namespace

std::pair<std::unique_ptr<wire::ReplyReader>, std::unique_ptr<wire::ReplyWriter>>
plain_reply(PlainParts parts) {
    auto text = std::make_shared<std::string>();
    auto writer = std::make_unique<Writer>(text);
    return {std::make_unique<Reader>(std::move(parts), std::move(text)), std::move(writer)};
}

}  // namespace obliv::relay
