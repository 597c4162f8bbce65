#include "cli/sim/media.hpp"

#include "cli/sim/vectors.hpp"
#include "cli/sim/words.hpp"
#include "core/base/encoding.hpp"
#include "core/base/text.hpp"
#include "core/http/multipart.hpp"
#include "core/llm/media_call.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

namespace obliv::sim {
namespace {

using wire::Complaint;
using wire::Fields;
using wire::Json;

constexpr std::int64_t created = 1'700'000'000;
constexpr std::int64_t images_max = 10;
constexpr std::int64_t image_tokens = 10;
constexpr std::int64_t words_per_second = 10;
constexpr std::int64_t words_heard_per_second = 2;
constexpr std::string_view image_model = "dall-e-2";
// One grey point.
constexpr std::string_view png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAA"
                                 "AACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/// The wishes of a text; they may be none that we know.
Result<Call> wished(Result<Call> call, std::string_view text) {
    if (!call)
        return call;
    auto wishes = parse_wishes(text);
    if (!wishes)
        return wishes.error();
    call->wishes = std::move(*wishes);
    return call;
}

Result<Call> images(const Complaint& complaint, std::string model, std::string_view prompt,
                    std::int64_t pictures_in, std::int64_t count) {
    Json data = Json::array();
    for (std::int64_t i = 0; i < count; ++i)
        data.push_back({{"b64_json", png}});
    auto text = count_words(prompt);
    auto seen = pictures_in * image_tokens;
    auto made = count * image_tokens;
    Json usage{{"total_tokens", text + seen + made},
               {"input_tokens", text + seen},
               {"input_tokens_details", {{"text_tokens", text}, {"image_tokens", seen}}},
               {"output_tokens", made}};
    Json reply{{"created", created}, {"data", std::move(data)}, {"usage", std::move(usage)}};
    return wished(answered(complaint, std::move(model), text + seen, reply), prompt);
}

void append_number(std::string& out, std::uint32_t number, int bytes) {
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>((number >> (8 * i)) & 0xFFU);
}

std::string pcm(std::int64_t seconds) {
    constexpr std::size_t bytes_per_second = 48'000;  // 24 kHz, 16 bits, as OpenAI's
    return std::string(static_cast<std::size_t>(seconds) * bytes_per_second, '\0');
}

std::string wav(std::int64_t seconds) {
    constexpr std::uint32_t rate = 24'000;
    constexpr std::uint32_t head_bytes = 36;
    auto data = pcm(seconds);
    auto size = static_cast<std::uint32_t>(data.size());
    std::string out = "RIFF";
    append_number(out, size + head_bytes, 4);
    out += "WAVEfmt ";
    append_number(out, 16, 4);
    append_number(out, 1, 2);
    append_number(out, 1, 2);
    append_number(out, rate, 4);
    append_number(out, rate * 2, 4);
    append_number(out, 2, 2);
    append_number(out, 16, 2);
    out += "data";
    append_number(out, size, 4);
    return out + data;
}

/// Frames of MPEG-1 Layer III at 128 kbit/s and 44.1 kHz in which nothing is heard.
std::string mp3(std::int64_t seconds) {
    constexpr std::int64_t frames_per_second = 39;
    std::string frame("\xFF\xFB\x90\xC4", 4);
    frame.resize(417, '\0');
    std::string out;
    for (std::int64_t i = 0; i < seconds * frames_per_second; ++i)
        out += frame;
    return out;
}

struct SoundFormat {
    std::string_view name;
    std::string_view type;
    std::string (*make)(std::int64_t seconds);
};
constexpr std::array sound_formats{SoundFormat{"mp3", "audio/mpeg", mp3},
                                   SoundFormat{"wav", "audio/wav", wav},
                                   SoundFormat{"pcm", "audio/pcm", pcm}};

/// The fields of a form, and how many files are in it.
struct Form {
    std::map<std::string, std::string, std::less<>> fields;
    std::int64_t files = 0;
    llm::SoundLength sound;

    std::string field(std::string_view name, std::string_view otherwise = {}) const {
        auto found = fields.find(name);
        return found == fields.end() ? std::string(otherwise) : found->second;
    }
};

Result<Form> read_form(std::string_view body, std::string_view content_type) {
    auto boundary = http::form_boundary(content_type);
    if (!boundary)
        return fail(Code::invalid_request, "the body must be multipart/form-data");
    Form form;
    http::FormScan scan(body, *boundary);
    while (true) {
        auto part = scan.next();
        if (!part)
            return part.error();
        if (!*part)
            return form;
        if ((*part)->is_file) {
            ++form.files;
            form.sound = llm::length_of_sound((*part)->content);
        } else {
            form.fields[std::string((*part)->name)] = std::string((*part)->content);
        }
    }
}

void check_count(Complaint& complaint, std::int64_t count) {
    if (count < 1 || count > images_max)
        complaint.expected("n", "a whole number from 1 to 10");
}

std::string words_heard(std::int64_t seconds) {
    std::string out;
    for (std::int64_t i = 0; i < seconds * words_heard_per_second; ++i)
        out += lorem(static_cast<std::size_t>(i));
    return out;
}

}  // namespace

Result<Call> read_image_generation(std::string_view text) {
    auto json = wire::parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    std::string model(image_model);
    std::string prompt;
    std::optional<std::int64_t> count;
    body.read("model", model);
    body.read("prompt", prompt);
    body.require("prompt", "what the picture shows");
    body.read("n", count);
    check_count(complaint, count.value_or(1));
    return images(complaint, std::move(model), prompt, 0, count.value_or(1));
}

Result<Call> read_image_form(std::string_view body, std::string_view content_type) {
    auto form = read_form(body, content_type);
    if (!form)
        return form.error();
    Complaint complaint;
    auto count = parse_int(form->field("n", "1")).value_or(0);
    check_count(complaint, count);
    if (form->files == 0)
        complaint.expected("image", "a file");
    return images(complaint, form->field("model", image_model), form->field("prompt"), form->files,
                  count);
}

Result<Call> read_speech(std::string_view text) {
    auto json = wire::parse_json(text);
    if (!json)
        return json.error();
    Complaint complaint;
    Fields body(*json, "", complaint);
    std::string model;
    std::string input;
    std::string format = "mp3";
    body.read("model", model);
    body.require("model", "the model to ask");
    body.read("input", input);
    body.require("input", "the text to read");
    body.read("response_format", format);
    const auto* found = std::find_if(sound_formats.begin(), sound_formats.end(),
                                     [&](const SoundFormat& each) { return each.name == format; });
    if (found == sound_formats.end())
        complaint.expected("response_format", "mp3, wav or pcm");
    auto words = count_words(input);
    auto call = wished(answered(complaint, std::move(model), words, {}), input);
    if (call) {
        call->document = found->make((words + words_per_second - 1) / words_per_second);
        call->document_type = found->type;
    }
    return call;
}

Result<Call> read_transcription(std::string_view body, std::string_view content_type) {
    auto form = read_form(body, content_type);
    if (!form)
        return form.error();
    Complaint complaint;
    auto model = form->field("model");
    if (model.empty())
        complaint.expected("model", "the model to ask");
    if (form->files == 0)
        complaint.expected("file", "a sound");
    auto format = form->field("response_format", "json");
    if (format != "json" && format != "text" && format != "verbose_json")
        complaint.expected("response_format", "json, text or verbose_json");
    auto seconds = form->sound.seconds;
    auto said = words_heard(seconds);
    Json reply{{"text", said}};
    if (format == "verbose_json")
        reply = {{"task", "transcribe"},
                 {"language", "latin"},
                 {"duration", static_cast<double>(seconds)},
                 {"text", said},
                 {"segments", Json::array()}};
    reply["usage"] = {{"type", "duration"}, {"seconds", seconds}};
    auto call = wished(answered(complaint, std::move(model), 0, reply), form->field("prompt"));
    if (call && format == "text") {
        call->document = said + "\n";
        call->document_type = "text/plain; charset=utf-8";
    }
    return call;
}

}  // namespace obliv::sim
