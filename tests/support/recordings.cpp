#include "tests/support/recordings.hpp"

#include "core/base/encoding.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace obliv::test {
namespace {

using Json = nlohmann::ordered_json;

Json load(const std::filesystem::path& path) {
    std::ifstream in(path);
    return Json::parse(in);
}

Recording exchange(const Json& from) {
    Recording out;
    out.path = from.value("path", "");
    if (from.contains("req") && from["req"].is_object() && !from["req"].contains("__nonjson__"))
        out.request = from["req"].dump();
    out.status = from.value("status", 200);
    if (from.contains("headers"))
        out.content_type = from["headers"].value("content-type", "");
    if (from.contains("body_b64")) {
        out.body = *from_base64(from["body_b64"].get<std::string>());
        out.base64_body = true;
    } else if (from.contains("body")) {
        out.body = from["body"].get<std::string>();
    }
    out.stream = out.content_type.find("event-stream") != std::string::npos ||
                 out.content_type.find("ndjson") != std::string::npos ||
                 out.content_type.find("eventstream") != std::string::npos;
    return out;
}

Recording reply_only(const Json& from) {
    Recording out;
    out.api = from.value("api", "");
    if (from.contains("chunks")) {
        out.stream = true;
        out.content_type = "text/event-stream";
        for (const auto& chunk : from["chunks"]) {
            out.chunks.push_back(chunk.get<std::string>());
            out.body += "data: " + out.chunks.back() + "\n\n";
        }
        return out;
    }
    out.content_type = "application/json";
    out.body = from.value("body", "");
    auto body = Json::parse(out.body, nullptr, false);
    if (body.is_object() && body.contains("error") && !body["error"].is_null())
        out.status = 400;
    return out;
}

}  // namespace

std::vector<Recording> recordings_of(std::string_view provider) {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    auto folder = fs::path(OBLIV_FIXTURES) / "recordings" / provider;
    for (const auto& entry : fs::directory_iterator(folder))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    if (files.empty())
        throw std::runtime_error("no recordings of " + std::string(provider));

    std::vector<Recording> out;
    for (const auto& file : files) {
        auto document = load(file);
        const auto& exchanges = document.at("interactions");
        for (std::size_t i = 0; i < exchanges.size(); ++i) {
            bool cassette = exchanges[i].contains("method");
            out.push_back(cassette ? exchange(exchanges[i]) : reply_only(exchanges[i]));
            out.back().file = std::string(provider) + "/" + file.filename().string();
            if (i > 0)
                out.back().file += "#" + std::to_string(i);
        }
    }
    return out;
}

}  // namespace obliv::test
