#include "core/wire/media_form.hpp"

#include "core/base/text.hpp"
#include "core/http/multipart.hpp"
#include "core/llm/image_variant.hpp"
#include "core/llm/pattern.hpp"

#include <algorithm>
#include <array>

namespace obliv::wire {
namespace {

constexpr std::int64_t images_max = 128;
constexpr std::array<std::string_view, 5> deciding{"model", "stream", "n", "size", "quality"};

Error bad_field(std::string_view name, std::string_view expected) {
    auto error =
        fail(Code::invalid_request, "'" + std::string(name) + "' must be " + std::string(expected));
    error.param = std::string(name);
    return error;
}

class Reader {
public:
    Reader(llm::MediaKind kind, std::string_view body) : body_(body) { media_->kind = kind; }

    Result<llm::ChatCall> read(std::string_view content_type, std::string_view model_default,
                               http::FormScan::Passed passed) {
        auto boundary = http::form_boundary(content_type);
        if (!boundary)
            return fail(Code::invalid_request,
                        "expected JSON, or multipart/form-data with a boundary");
        http::FormScan scan(body_, *boundary, passed);
        while (true) {
            auto part = scan.next();
            if (!part)
                return part.error();
            if (!*part)
                break;
            if (auto taken = take(**part); !taken)
                return taken.error();
        }
        return finish(*boundary, content_type, model_default);
    }

private:
    Result<void> take(const http::FormPart& part) {
        if (part.is_file) {
            take_file(part);
            return ok();
        }
        size_.text_bytes += static_cast<std::int64_t>(part.content.size());
        for (std::size_t i = 0; i < deciding.size(); ++i) {
            if (!equal_ignoring_case(part.name, deciding[i]))
                continue;
            if (part.name != deciding[i])
                return fail(Code::invalid_request, "'" + std::string(part.name) +
                                                       "' must be written '" +
                                                       std::string(deciding[i]) + "'");
            if (seen_[i])
                return fail(Code::invalid_request,
                            "'" + std::string(part.name) + "' is given twice");
            seen_[i] = true;
            return take_deciding(part);
        }
        return ok();
    }

    void take_file(const http::FormPart& part) {
        if (media_->kind != llm::MediaKind::transcript) {
            ++size_.pictures;
            return;
        }
        auto sound = llm::length_of_sound(part.content);
        size_.sound.exact = sound.exact && (size_.sound.exact || size_.sound.seconds == 0);
        size_.sound.seconds += sound.seconds;
        size_.sound.seconds_max += sound.seconds_max;
    }

    Result<void> take_deciding(const http::FormPart& part) {
        auto value = part.content;
        if (part.name == "model") {
            if (auto named = llm::check_model_name(value); !named)
                return bad_field("model", "a model's name of 1 to 128 bytes");
            call_.model = std::string(value);
            call_.model_span = {static_cast<std::size_t>(value.data() - body_.data()),
                                value.size()};
            return ok();
        }
        if (part.name == "stream") {
            if (value != "true" && value != "false")
                return bad_field("stream", "true or false");
            call_.stream = value == "true";
            return ok();
        }
        if (part.name == "size" || part.name == "quality") {
            (part.name == "size" ? picture_size_ : picture_quality_) = value;
            return ok();
        }
        auto number = parse_int(value);
        if (!number || *number < 1 || *number > images_max)
            return bad_field("n", "a whole number from 1 to " + std::to_string(images_max));
        call_.choices = *number;
        return ok();
    }

    Result<llm::ChatCall> finish(std::string_view boundary, std::string_view content_type,
                                 std::string_view model_default) {
        if (call_.model.empty())
            call_.model = std::string(model_default);
        if (call_.model.empty())
            return bad_field("model", "given: which model is asked?");
        if (call_.model_span.length == 0)
            media_->model_head = "--" + std::string(boundary) +
                                 "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n";
        media_->content_type = std::string(content_type);
        if (media_->kind == llm::MediaKind::images)
            media_->variant = llm::variant_of(picture_size_, picture_quality_);
        size_.images = call_.choices;
        llm::estimate_media(*media_, size_);
        call_.media = std::move(media_);
        return std::move(call_);
    }

    std::string_view body_;
    llm::ChatCall call_;
    std::unique_ptr<llm::MediaCall> media_ = std::make_unique<llm::MediaCall>();
    llm::MediaSize size_;
    std::string_view picture_size_;
    std::string_view picture_quality_;
    std::array<bool, deciding.size()> seen_{};
};

}  // namespace

Result<llm::ChatCall> read_media_form(llm::MediaKind kind, std::string_view body,
                                      std::string_view content_type, std::string_view model_default,
                                      http::FormScan::Passed passed) {
    return Reader(kind, body).read(content_type, model_default, passed);
}

}  // namespace obliv::wire
