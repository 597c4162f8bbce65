#include "core/wire/media_type.hpp"

#include <array>
#include <string_view>

namespace obliv::wire {
namespace {

struct Magic {
    std::string_view base64;
    std::string_view type;
};

// The first bytes of the formats that the providers take, as base64 shows them.
constexpr std::array magics{
    Magic{"iVBORw0KGgo", "image/png"},  Magic{"/9j/", "image/jpeg"},
    Magic{"R0lGOD", "image/gif"},       Magic{"UklGR", "image/webp"},
    Magic{"JVBERi", "application/pdf"},
};

}  // namespace

std::string_view sniffed_media_type(std::string_view base64) noexcept {
    for (const auto& magic : magics)
        if (base64.starts_with(magic.base64))
            return magic.type;
    return {};
}

std::string media_type_of(const llm::Media& media) {
    if (!media.media_type.empty())
        return media.media_type;
    if (media.source == llm::Media::Source::base64)
        if (auto type = sniffed_media_type(media.data); !type.empty())
            return std::string(type);
    switch (media.kind) {
    case llm::Media::Kind::image:
        return "image/png";
    case llm::Media::Kind::audio:
        return "audio/wav";
    case llm::Media::Kind::video:
        return "video/mp4";
    case llm::Media::Kind::document:
        break;
    }
    return media.source == llm::Media::Source::text ? "text/plain" : "application/pdf";
}

}  // namespace obliv::wire
