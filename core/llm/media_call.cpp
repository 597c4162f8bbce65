#include "core/llm/media_call.hpp"

#include "core/base/text.hpp"
#include "core/llm/chat_call.hpp"
#include "core/llm/estimate.hpp"
#include "core/llm/image_variant.hpp"
#include "core/llm/media_body.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <simdjson.h>
#include <utility>

namespace obliv::llm {
namespace {

namespace od = simdjson::ondemand;

// A second of sound: at the usual 128 kbit/s as an estimate; none is compressed below 8 kbit/s.
constexpr std::int64_t sound_bytes_usual = 16'000;
constexpr std::int64_t sound_bytes_least = 1'000;
constexpr std::int64_t seconds_limit = 24 * 3600;

// Providers' price pages: a minute of speech is 1,250 audio tokens, and about 900 characters.
std::int64_t speech_tokens(std::int64_t characters) {
    return (characters * 7 + 4) / 5;
}
constexpr std::int64_t speech_tokens_most = 4;  // for a character

// What one picture may come to: the largest at the highest quality (OpenAI, "Image generation").
constexpr std::int64_t picture_tokens_out = 8'000;
constexpr std::int64_t picture_tokens_in = 7'000;

// Of a second of sound: heard, and written down.
constexpr std::int64_t heard_tokens_most = 25;
constexpr std::int64_t written_tokens_most = 12;
constexpr std::int64_t heard_tokens_usual = 10;
constexpr std::int64_t written_tokens_usual = 4;

std::uint32_t number_at(std::string_view bytes, std::size_t at) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    return value;
}

/// Bytes a second and bytes of sound of a WAV file; zeros: it is none that we can read.
struct Wave {
    std::int64_t rate = 0;
    std::int64_t bytes = 0;
};
Wave read_wave(std::string_view file) noexcept {
    constexpr std::size_t head = 12;
    constexpr std::size_t chunk_head = 8;
    Wave wave;
    if (file.size() < head || !file.starts_with("RIFF") || file.substr(8, 4) != "WAVE")
        return wave;
    std::size_t at = head;
    for (int chunks = 0; chunks < 64 && at + chunk_head <= file.size(); ++chunks) {
        auto name = file.substr(at, 4);
        std::size_t size = number_at(file, at + 4);
        auto body = file.substr(at + chunk_head, size);
        if (name == "fmt " && body.size() >= 12)
            wave.rate = number_at(body, 8);
        if (name == "data") {
            // A recorder that wrote into a pipe did not know how much would come.
            wave.bytes = static_cast<std::int64_t>(body.size());
            return wave;
        }
        at += chunk_head + size + (size & 1);
    }
    return {};
}

std::int64_t code_points(std::string_view text) noexcept {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

Result<std::int64_t> characters_to_read(std::string_view body) {
    thread_local od::parser parser;
    od::document document;
    std::string_view text;
    if (parser.iterate(body.data(), body.size(), body.size() + json_padding).get(document) ||
        document["input"].get_string().get(text) || text.empty()) {
        auto error = fail(Code::invalid_request, "'input' must be the text to read");
        error.param = "input";
        return error;
    }
    return code_points(text);
}

/// What decides the price of a picture, out of a body that is JSON. A field that is told twice, or
/// in other letters, could mean one thing to us and another to the provider.
class PictureWords {
public:
    Result<std::string> variant(std::string_view body) {
        thread_local od::parser parser;
        od::document document;
        od::object object;
        if (parser.iterate(body.data(), body.size(), body.size() + json_padding).get(document) ||
            document.get_object().get(object))
            return fail(Code::invalid_request, "the body is not a JSON object");
        for (auto entry : object)
            if (auto taken = take(entry); !taken)
                return taken.error();
        return variant_of(words_[0], words_[1]);
    }

private:
    static constexpr std::array<std::string_view, 2> names{"size", "quality"};
    Result<void> take(simdjson::simdjson_result<od::field>& entry) {
        std::string_view key;
        if (entry.unescaped_key().get(key))
            return fail(Code::invalid_request, "the body is not a JSON object");
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!equal_ignoring_case(key, names[i]))
                continue;
            if (std::exchange(seen_[i], true) || key != names[i])
                return fail(Code::invalid_request,
                            "'" + std::string(names[i]) + "' must be written so, and once");
            od::value value;
            std::string_view word;
            if (!entry.value().get(value) && !value.get_string().get(word))
                words_[i] = std::string(word);
        }
        return ok();
    }

    std::array<std::string, 2> words_;
    std::array<bool, 2> seen_{};
};

}  // namespace

SoundLength length_of_sound(std::string_view file) noexcept {
    SoundLength out;
    auto bytes = static_cast<std::int64_t>(file.size());
    if (auto wave = read_wave(file); wave.rate > 0) {
        out.seconds = std::min(seconds_limit, (wave.bytes + wave.rate - 1) / wave.rate);
        out.seconds_max = out.seconds;
        out.exact = true;
        return out;
    }
    out.seconds = std::min(seconds_limit, (bytes + sound_bytes_usual - 1) / sound_bytes_usual);
    out.seconds_max = std::min(seconds_limit, bytes / sound_bytes_least + 1);
    return out;
}

void estimate_media(MediaCall& call, const MediaSize& size) noexcept {
    auto& usual = call.estimate;
    auto& most = call.at_most;
    auto text = estimate_tokens(size.text_bytes);
    auto text_most = size.text_bytes / 2 + 1;
    switch (call.kind) {
    case MediaKind::images:
        usual.input = text;
        usual.images = size.images;
        most.input = text_most + size.pictures * picture_tokens_in;
        most.output = size.images * picture_tokens_out;
        most.images = size.images;
        return;
    case MediaKind::speech:
        usual.input = text;
        usual.characters = size.characters;
        usual.audio_out = speech_tokens(size.characters);
        most.input = text_most;
        most.output = size.characters * speech_tokens_most;
        most.characters = size.characters;
        return;
    case MediaKind::transcript:
        call.exact = size.sound.exact;
        usual.seconds = size.sound.seconds;
        usual.audio_in = size.sound.seconds * heard_tokens_usual;
        usual.input = text;
        usual.output = size.sound.seconds * written_tokens_usual;
        most.seconds = size.sound.seconds_max;
        most.input = text_most + size.sound.seconds_max * heard_tokens_most;
        most.output = size.sound.seconds_max * written_tokens_most;
    }
}

Result<ChatCall> parse_media_body(MediaKind kind, std::string_view body,
                                  std::string_view model_default) {
    auto call = parse_plain_call(body, model_default, true);
    if (!call)
        return call;
    auto media = std::make_unique<MediaCall>();
    media->kind = kind;
    MediaSize size;
    size.text_bytes = static_cast<std::int64_t>(body.size());
    size.images = call->choices;
    if (kind == MediaKind::transcript)
        return fail(Code::invalid_request, "a sound is sent as a form: multipart/form-data");
    if (kind == MediaKind::images) {
        auto variant = PictureWords().variant(body);
        if (!variant)
            return variant.error();
        media->variant = std::move(*variant);
    }
    if (kind == MediaKind::speech) {
        auto characters = characters_to_read(body);
        if (!characters)
            return characters.error();
        size.characters = *characters;
    }
    estimate_media(*media, size);
    call->media = std::move(media);
    return call;
}

}  // namespace obliv::llm
