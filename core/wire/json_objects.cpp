#include "core/wire/json_objects.hpp"

namespace obliv::wire {

/// Whether the object is complete with this byte.
bool JsonObjects::ends(char c) noexcept {
    if (escaped_) {
        escaped_ = false;
        return false;
    }
    if (c == '\\')
        escaped_ = quoted_;
    else if (c == '"')
        quoted_ = !quoted_;
    else if (!quoted_ && c == '{')
        ++depth_;
    else if (!quoted_ && c == '}')
        return --depth_ == 0;
    return false;
}

Result<void> JsonObjects::feed(std::string_view bytes, const Sink& sink) {
    while (!bytes.empty()) {
        if (depth_ == 0) {
            auto start = bytes.find('{');
            if (start == std::string_view::npos)
                return ok();
            bytes.remove_prefix(start);
        }
        std::size_t used = 0;
        bool whole = false;
        while (used < bytes.size() && !whole)
            whole = ends(bytes[used++]);
        if (object_.size() + used > bytes_max_)
            return fail(Code::upstream_failed,
                        "an event of the stream is over " + std::to_string(bytes_max_) + " bytes");
        object_ += bytes.substr(0, used);
        bytes.remove_prefix(used);
        if (!whole)
            return ok();
        auto said = sink(object_);
        object_.clear();
        if (!said)
            return said;
    }
    return ok();
}

}  // namespace obliv::wire
