// Feeds any bytes to the form parser. What it gives out lies within the body, in its order, and
// holds no delimiter; a form that is cut anywhere is refused or means the same.

#include "core/base/check.hpp"
#include "core/http/multipart.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace obliv;
using namespace obliv::http;

namespace {

bool check_form(std::string_view body, std::string_view boundary) {
    FormScan scan(body, boundary);
    const char* last = body.data();
    auto delimiter = "\r\n--" + std::string(boundary);
    for (std::size_t parts = 0;; ++parts) {
        auto part = scan.next();
        if (!part)
            return false;
        if (!*part)
            return true;
        check(parts < FormScan::parts_max, "the number of parts is bounded");
        check((*part)->content.data() >= last, "parts come in their order");
        last = (*part)->content.data() + (*part)->content.size();
        check(last <= body.data() + body.size(), "a part lies within the body");
        check((*part)->content.find(delimiter) == std::string_view::npos,
              "a part holds no delimiter");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto line = bytes.substr(0, bytes.find('\n'));
    auto boundary = form_boundary(line);
    check_form(bytes, "b");
    if (boundary && line.size() < bytes.size())
        check_form(bytes.substr(line.size() + 1), *boundary);
    return 0;
}
