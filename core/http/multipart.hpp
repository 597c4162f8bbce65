#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace obliv::http {

/// One field of a form (RFC 7578). Views into the body.
struct FormPart {
    std::string_view name;
    std::string_view filename;  ///< as it stands, escapes included; of a file only
    bool is_file = false;       ///< the part has a filename
    std::string_view content;
};

/// The boundary that a Content-Type names; nothing if it is no `multipart/form-data` with a
/// boundary of RFC 2046.
std::optional<std::string_view> form_boundary(std::string_view content_type);

/// Steps through the parts of a form, which lies in memory as a whole and is not copied. Stricter
/// than the standard where readers differ, so that nobody behind us sees another form: no text
/// around the parts, no encodings, no escapes in names, no boundary within a part.
class FormScan {
public:
    static constexpr std::size_t parts_max = 256;
    static constexpr std::size_t part_head_bytes_max = 4096;
    static constexpr std::size_t name_bytes_max = 128;

    /// Told what of a file has been read and is not needed again for a while.
    using Passed = void (*)(std::string_view);

    /// Both outlive the scan.
    FormScan(std::string_view body, std::string_view boundary, Passed passed = nullptr) noexcept
        : body_(body), boundary_(boundary), passed_(passed) {}

    /// The next part; nothing: that was the last one. `invalid_request` says what is wrong.
    Result<std::optional<FormPart>> next();

private:
    Result<bool> pass_delimiter();
    Result<FormPart> read_head();
    std::size_t find_delimiter() const noexcept;

    std::string_view body_;
    std::string_view boundary_;
    Passed passed_;
    std::size_t at_ = 0;
    std::size_t parts_ = 0;
};

}  // namespace obliv::http
