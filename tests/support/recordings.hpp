#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace obliv::test {

/// One recorded exchange with a provider (tests/fixtures/recordings/PROVENANCE.md). What the
/// recording does not have is empty.
struct Recording {
    std::string file;  ///< `openai/rubyllm.chat_….json`, with `#2` behind it for the third exchange
    std::string api;  ///< of a reply without a request: `chat`, `responses`, `native`
    std::string path;
    std::string request;  ///< JSON
    int status = 200;
    std::string content_type;
    std::string body;          ///< bytes of the reply; a stream has its framing
    bool base64_body = false;  ///< the recording had it in base64: not text
    bool stream = false;
    /// Of a stream that was kept as payloads: those, without framing (`body` frames them as SSE).
    std::vector<std::string> chunks;
};

/// All exchanges with one provider (a folder), in the order of the file names.
std::vector<Recording> recordings_of(std::string_view provider);

}  // namespace obliv::test
