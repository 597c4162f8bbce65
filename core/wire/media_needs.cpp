#include "core/wire/media_needs.hpp"

#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/wire/media_type.hpp"

#include <algorithm>
#include <array>

namespace obliv::wire {
namespace {

using llm::Media;
using Kind = Media::Kind;

constexpr unsigned of(Kind kind) {
    return 1U << static_cast<unsigned>(kind);
}

/// Which kinds a format takes inline but not by URL.
struct Need {
    std::string_view wire;
    unsigned kinds;
};

// Videos stay where they are: they are longer than what may be fetched.
constexpr std::array needs{
    Need{"anthropic_vertex", of(Kind::image) | of(Kind::document)},
    Need{"bedrock", of(Kind::image) | of(Kind::document)},
    Need{"cohere", of(Kind::document)},
    Need{"dashscope", of(Kind::document)},
    Need{"gemini", of(Kind::image) | of(Kind::audio) | of(Kind::document)},
    Need{"ollama", of(Kind::image) | of(Kind::document)},
    Need{"openai", of(Kind::audio) | of(Kind::document)},
    Need{"responses", of(Kind::audio)},
    Need{"spark", of(Kind::document)},
};

bool has_to_be_fetched(const Media& media, const Wire& wire) {
    if (media.source != Media::Source::url)
        return false;
    std::string_view url = media.data;
    auto colon = url.substr(0, url.find(':'));
    if (!equal_ignoring_case(colon, "http") && !equal_ignoring_case(colon, "https"))
        return false;
    return std::any_of(needs.begin(), needs.end(), [&](const Need& need) {
        return need.wire == wire.name && (need.kinds & of(media.kind)) != 0;
    });
}

void collect(std::vector<llm::Part>& parts, const Wire& wire, std::vector<Media*>& out) {
    for (auto& part : parts) {
        if (auto* media = std::get_if<Media>(&part.what); media && has_to_be_fetched(*media, wire))
            out.push_back(media);
        if (auto* result = std::get_if<llm::ToolResult>(&part.what))
            collect(result->content, wire, out);
    }
}

std::string_view family(std::string_view media_type) {
    return media_type.substr(0, media_type.find('/'));
}

bool fits(Kind kind, std::string_view media_type) {
    switch (kind) {
    case Kind::image:
        return family(media_type) == "image";
    case Kind::audio:
        return family(media_type) == "audio";
    case Kind::video:
        return family(media_type) == "video";
    case Kind::document:
        break;
    }
    return media_type == "application/pdf" || family(media_type) == "text" ||
           media_type == "application/json";
}

std::string_view name_of(Kind kind) {
    switch (kind) {
    case Kind::image:
        return "an image";
    case Kind::audio:
        return "a sound";
    case Kind::video:
        return "a video";
    case Kind::document:
        break;
    }
    return "a document";
}

}  // namespace

std::vector<Media*> media_to_fetch(llm::ChatRequest& request, const Wire& wire) {
    std::vector<Media*> out;
    for (auto& message : request.messages)
        collect(message.content, wire, out);
    return out;
}

Result<void> supply(Media& media, std::string_view bytes, std::string_view media_type) {
    // What stores files often says nothing of them; their first bytes do.
    bool told = !media_type.empty() && media_type != "application/octet-stream" &&
                media_type != "binary/octet-stream";
    Media fetched = media;
    fetched.source = Media::Source::base64;
    fetched.data = to_base64(bytes);
    fetched.media_type = std::string(told ? media_type : sniffed_media_type(fetched.data));
    if (bytes.empty() || !fits(media.kind, fetched.media_type))
        return fail(Code::invalid_request,
                    "the URL should lead to " + std::string(name_of(media.kind)) + ", but " +
                        (bytes.empty() ? "nothing was there"
                                       : "it leads to '" + visible(fetched.media_type) + "'"));
    if (media.kind == Kind::document && fetched.media_type != "application/pdf") {
        fetched.source = Media::Source::text;
        fetched.media_type = "text/plain";
        fetched.data = std::string(bytes);
    }
    media = std::move(fetched);
    return ok();
}

}  // namespace obliv::wire
