#include "core/wire/frames.hpp"

namespace obliv::wire {

llm::SseDecoder::Sink Frames::guarded(const Sink& sink) {
    return [this, &sink](const llm::SseEvent& event) {
        if (said_)
            said_ = sink(Frame{event.event, event.data, false});
    };
}

Result<void> Frames::feed(std::string_view bytes, const Sink& sink) {
    if (form_ == Form::unknown) {
        // DeepSeek keeps a connection alive with blank lines before the document.
        auto first = bytes.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos)
            return ok();
        char c = bytes[first];
        bytes.remove_prefix(first);
        form_ = c == '{' || c == '[' || c == '"' ? Form::document : Form::stream;
    }
    if (form_ == Form::document) {
        if (body_.size() + bytes.size() > body_bytes_max_)
            return fail(Code::upstream_failed,
                        "the reply is over " + std::to_string(body_bytes_max_) + " bytes");
        body_ += bytes;
        return ok();
    }
    auto fed = sse_.feed(bytes, guarded(sink));
    return said_ ? fed : said_;
}

Result<void> Frames::finish(const Sink& sink) {
    if (form_ == Form::document)
        return sink(Frame{{}, body_, true});
    if (form_ == Form::stream)
        sse_.finish(guarded(sink));
    return said_;
}

}  // namespace obliv::wire
