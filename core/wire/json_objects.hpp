#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace obliv::wire {

/// Takes a stream of JSON objects apart (NDJSON, `application/x-ndjson`), from pieces cut anywhere.
/// An object ends with its closing brace, so one that is spread over lines is read as well; what
/// stands between two objects is skipped. One per reply.
class JsonObjects {
public:
    using Sink = std::function<Result<void>(std::string_view object)>;

    /// An object over `bytes_max` is `upstream_failed`.
    explicit JsonObjects(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// Stops at the sink's first Error and returns it.
    Result<void> feed(std::string_view bytes, const Sink& sink);
    bool inside() const noexcept { return depth_ > 0; }  ///< an object is not complete

private:
    bool ends(char c) noexcept;

    std::size_t bytes_max_;
    std::string object_;
    std::size_t depth_ = 0;
    bool quoted_ = false;
    bool escaped_ = false;
};

}  // namespace obliv::wire
